//! Any text makes a tree and diagnostics whose places are in the text. What is printed of a document without a
//! mistake reads the same.
#![no_main]

mod places;

use libfuzzer_sys::fuzz_target;
use places::check_places;
use topo_lang::syntax::{parse, print};
use topo_lang::{Source, Sources};

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let source = sources.add(Source::new("fuzz.kdl", text));
    let (document, diagnostics) = parse(source, text);
    check_places(&diagnostics, &sources);
    if diagnostics.is_empty() {
        let printed = print(&document, text);
        let (again, diagnostics) = parse(source, &printed);
        assert!(diagnostics.is_empty(), "{diagnostics:?} in {printed:?}");
        assert_eq!(print(&again, &printed), printed);
    }
});
