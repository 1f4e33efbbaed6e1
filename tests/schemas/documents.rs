//! Documents for programs, and the schemas of the book that they must be valid under.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// Where the schemas are, one file each.
const SCHEMAS: &str = "book/src/schema";

/// The schemas by the format they are of. A member that a schema does not name is a mistake here: to users it only means
/// that their `topo` is newer.
pub(crate) fn schemas(checkout: &Path) -> Result<BTreeMap<String, Json>, String> {
    let entries = std::fs::read_dir(checkout.join(SCHEMAS)).map_err(|error| format!("{SCHEMAS}: {error}"))?;
    let mut schemas = BTreeMap::new();
    for entry in entries.flatten() {
        let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
        let mut schema: Json =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", entry.path().display()))?;
        jsonschema::meta::validate(&schema)
            .map_err(|error| format!("{}: {error}", entry.path().display()))?;
        close(&mut schema);
        let format = schema["title"].as_str().unwrap_or_default().to_owned();
        schemas.insert(format, schema);
    }
    Ok(schemas)
}

/// Checks a document against the schema of its format, and gives the format back.
pub(crate) fn check(schemas: &BTreeMap<String, Json>, text: &str) -> Result<String, String> {
    let document: Json = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}\n{text}"))?;
    let format = document["format"].as_str().unwrap_or_default().to_owned();
    let schema = schemas.get(&format).ok_or_else(|| format!("there is no schema of `{format}`\n{text}"))?;
    let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
    let wrong: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{format} at `{}`: {error}", error.instance_path()))
        .collect();
    if wrong.is_empty() { Ok(format) } else { Err(wrong.join("\n")) }
}

/// Every object has only the members that its schema names.
fn close(schema: &mut Json) {
    match schema {
        Json::Object(members) => {
            if members.get("type").is_some_and(|ty| ty == "object") {
                members.insert("additionalProperties".to_owned(), Json::Bool(false));
            }
            members.iter_mut().for_each(|(_, member)| close(member));
        }
        Json::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
