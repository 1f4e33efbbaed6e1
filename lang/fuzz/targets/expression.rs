//! An expression, however wrong, ends within its limits, in a value that is valid JSON or in diagnostics whose places
//! are in the text.
#![no_main]

mod limits;
mod places;

use libfuzzer_sys::fuzz_target;
use limits::inputs;
use places::check_places;
use topo_lang::{Severity, evaluate_expression, print};

struct Nothing;

impl topo_lang::World for Nothing {
    fn read(&self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fuzz_target!(|text: &str| {
    let evaluation = evaluate_expression(&Nothing, None, text, &inputs());
    check_places(&evaluation.diagnostics, &evaluation.sources);
    let wrong = evaluation.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(evaluation.value.is_none(), wrong, "{:?}", evaluation.diagnostics);
    if let Some(value) = &evaluation.value {
        let _ = print::json(value).to_string();
    }
});
