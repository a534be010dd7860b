//! The names that errors in cells have, `#DIV/0!` and the like.

use calamine::CellErrorType;

/// Any error without a name of its own.
pub(super) const UNKNOWN: &str = "#ERROR!";

/// As calamine tells it.
pub(super) fn by_type(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}

/// As written, if that is one of them.
pub(super) fn known(name: &str) -> Option<&'static str> {
    const ERRORS: [&str; 15] = [
        "#DIV/0!",
        "#N/A",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#REF!",
        "#VALUE!",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#BUSY!",
        "#UNKNOWN!",
    ];
    ERRORS.into_iter().find(|error| *error == name)
}

/// As written.
pub(super) fn by_name(name: &str) -> &'static str {
    known(name.trim()).unwrap_or(UNKNOWN)
}
