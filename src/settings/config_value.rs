//! The value of a key in the config file, as it would be typed behind its option.

use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};
use std::path::Path;

use clap::builder::ValueHint;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use toml::Spanned;
use toml::de::{DeInteger, DeValue};

/// What would be typed for this value.
pub(super) fn values(
    option: &Arg,
    value: &Spanned<DeValue<'_>>,
    directory: &Path,
) -> Result<Vec<OsString>, &'static str> {
    let takes_values = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
    if is_flag(option) {
        let flag = value.get_ref().as_bool().ok_or("is either true or false")?;
        return Ok(vec![flag.to_string().into()]);
    }
    let several = may_be_several(option);
    match value.get_ref() {
        DeValue::Integer(integer) => Ok(vec![decimal(integer).into()]),
        DeValue::String(text) if takes_values => Ok(vec![resolve_path(option, text, directory)]),
        DeValue::Array(array) if takes_values && several && !array.is_empty() => {
            let texts = array.iter().map(|item| item.get_ref().as_str().ok_or("is a list of texts in quotes"));
            texts.map(|text| Ok(resolve_path(option, text?, directory))).collect()
        }
        _ if several => Err("is a text in quotes, or a list of such"),
        _ if takes_values => Err("is a text in quotes, or a number"),
        _ => Err("is a number"),
    }
}

/// A number as it would be typed: TOML has hexadecimal, octal and binary ones, too. One that is too large for any option stays as
/// it is, for the option to refuse.
fn decimal(integer: &DeInteger<'_>) -> String {
    let number = i128::from_str_radix(integer.as_str(), integer.radix());
    number.map_or_else(|_| integer.to_string(), |number| number.to_string())
}

/// Whether the option takes several values: behind one another, with commas between them, or by being typed several times.
pub(super) fn may_be_several(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Append)
        || option.get_num_args().is_some_and(|range| range.max_values() > 1)
}

/// Whether the option is a flag: `--quiet`, which `--quiet=false` takes back where the file has it.
pub(super) fn is_flag(option: &Arg) -> bool {
    option.get_num_args().is_some_and(|range| range.min_values() == 0 && range.max_values() == 1)
}

/// A path as seen from the working directory; any other value as it is.
fn resolve_path(option: &Arg, text: &str, directory: &Path) -> OsString {
    let is_path = option.get_value_hint() == ValueHint::AnyPath && text != "-" && !text.contains("://");
    if is_path { directory.join(text).into_os_string() } else { text.into() }
}

/// What the option itself would say about these values.
pub(super) fn validate(clerk: &Command, name: &str, values: &[OsString]) -> Option<String> {
    let holder = |command: &Command| command.get_arguments().any(|argument| argument.get_long() == Some(name));
    let command = std::iter::once(clerk).chain(clerk.get_subcommands()).find(|command| holder(command))?;
    let alone = command.clone().subcommand_negates_reqs(false).mut_args(|argument| {
        let of_the_file = argument.get_long() == Some(name);
        let argument = argument.required(false);
        if of_the_file { argument.default_values(values.to_vec()) } else { argument }
    });
    // What else would have to be typed is not for the file to say.
    let error = alone.try_get_matches_from(["avnology"]).err();
    let error = error.filter(|error| error.kind() != ErrorKind::MissingRequiredArgument)?;
    if let Some(ContextValue::Strings(words)) = error.get(ContextKind::ValidValue) {
        return Some(format!("it is one of {}", words.join(", ")));
    }
    let reason = std::error::Error::source(&error);
    Some(match (reason.and_then(|reason| reason.downcast_ref::<ParseIntError>()), reason) {
        (Some(error), _) if *error.kind() == IntErrorKind::Zero => "expected a number above zero".to_owned(),
        (Some(_), _) => "expected a whole number that is not negative".to_owned(),
        (None, Some(reason)) => reason.to_string(),
        (None, None) => "this cannot be understood".to_owned(),
    })
}
