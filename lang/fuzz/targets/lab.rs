//! A lab, however wrong, ends within its limits, in a value or in diagnostics whose places are in their sources. The
//! same lab gives the same.
//!
//! The text is the entry of a lab over `core.kdl`, a small library with an option of every type. It may import itself
//! (`./lab.kdl`) and two modules.
#![no_main]

mod limits;
mod places;

use libfuzzer_sys::fuzz_target;
use limits::inputs;
use places::check_places;
use topo_lang::{Severity, evaluate, print};

struct Files<'a>(&'a str);

impl topo_lang::World for Files<'_> {
    fn read(&self, path: &str) -> std::io::Result<String> {
        match path {
            "lab.kdl" => Ok(self.0.to_owned()),
            "std:core" => Ok(include_str!("../core.kdl").to_owned()),
            "std:more" => Ok(include_str!("../more.kdl").to_owned()),
            "other.kdl" => Ok("param n type=int default=1\nlet twice=\"${n * 2}\"\n".to_owned()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    fn standard(&self) -> Vec<&str> {
        vec!["core", "more"]
    }
}

fuzz_target!(|text: &str| {
    let evaluation = evaluate(&Files(text), "lab.kdl", &inputs());
    check_places(&evaluation.diagnostics, &evaluation.sources);
    let wrong = evaluation.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(evaluation.value.is_none(), wrong, "{:?}", evaluation.diagnostics);
    if let Some(value) = &evaluation.value {
        let again = evaluate(&Files(text), "lab.kdl", &inputs()).value.expect("the same again");
        assert_eq!(print::json(value), print::json(&again));
        let _ = print::kdl(value);
    }
});
