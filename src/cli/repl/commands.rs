//! The commands that begin with a backslash.

use kairos_udfs::nearest;

/// Names, what comes after them, and what they do; in the order of the help.
const COMMANDS: [(&str, &str, &str); 8] = [
    ("\\d", "[DATASET]", "list the datasets, or show the columns of one"),
    ("\\history", "DATASET", "versions of a dataset and where each came from"),
    ("\\plan", "SQL", "how a statement would be computed"),
    ("\\params", "", "parameters and their values"),
    ("\\set", "NAME=VALUE", "set a parameter for this session"),
    ("\\timing", "", "show or hide how long statements take"),
    ("\\?", "", "this help"),
    ("\\q", "", "leave, as Ctrl-D does"),
];

/// A command with its argument.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Datasets,
    Describe(String),
    History(String),
    Plan(String),
    Parameters,
    Set(String),
    Timing,
    Help,
    Quit,
}

pub(super) fn names() -> Vec<&'static str> {
    COMMANDS.iter().map(|(name, ..)| *name).collect()
}

/// Reads a line as a command; `None` if it is SQL. The error says what to type instead.
pub(super) fn parse(line: &str) -> Option<Result<Command, String>> {
    let line = line.trim();
    match line.trim_end_matches(';') {
        "quit" | "exit" => return Some(Ok(Command::Quit)),
        "help" => return Some(Ok(Command::Help)),
        _ => {}
    }
    if !line.starts_with('\\') {
        return None;
    }
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (name, argument) = (name.trim_end_matches(';'), argument.trim());
    let one = argument.trim_end_matches(';').trim_end().to_owned();
    let needs = |what: &str, example: &str| format!("{name} needs {what}\nhelp: {example}");
    Some(match (name, one.is_empty()) {
        ("\\d", true) => Ok(Command::Datasets),
        ("\\d", false) => Ok(Command::Describe(one)),
        ("\\history", false) => Ok(Command::History(one)),
        ("\\history", true) => Err(needs("a dataset", "\\d lists them")),
        ("\\plan", false) => Ok(Command::Plan(argument.to_owned())),
        ("\\plan", true) => Err(needs("a statement", "\\plan select count(*) from sep")),
        ("\\params", _) => Ok(Command::Parameters),
        ("\\set", true) => Ok(Command::Parameters),
        ("\\set", false) => Ok(Command::Set(one)),
        ("\\timing", _) => Ok(Command::Timing),
        ("\\?" | "\\h" | "\\help", _) => Ok(Command::Help),
        ("\\q" | "\\quit", _) => Ok(Command::Quit),
        _ => {
            let near = nearest(name, names());
            let near = if near.is_empty() { "\\? lists them".to_owned() } else { near.join(" or ") };
            Err(format!("there is no command {name}\nhelp: {near}"))
        }
    })
}

/// The page that `\?` prints.
pub(super) fn help() -> String {
    let line = |(name, argument, about): &(&str, &str, &str)| {
        let usage = format!("{name} {argument}");
        format!("{usage:<18}{about}")
    };
    let commands: Vec<String> = COMMANDS.iter().map(line).collect();
    format!(
        "SQL ends with ; and may take several lines. Tab completes, Ctrl-R searches the history,\n\
         Ctrl-C stops a statement.\n\n{}",
        commands.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_sql() {
        assert_eq!(parse("select 1;"), None);
        assert_eq!(parse("\\d"), Some(Ok(Command::Datasets)));
        assert_eq!(parse(" \\d  feat_beta ; "), Some(Ok(Command::Describe("feat_beta".into()))));
        assert_eq!(parse("\\plan select 1;"), Some(Ok(Command::Plan("select 1;".into()))));
        assert_eq!(parse("exit;"), Some(Ok(Command::Quit)));
        for (wrong, said) in [("\\histori sep", "\\history"), ("\\history", "\\d lists them"), ("\\zzzzzzz", "\\?")] {
            let message = parse(wrong).unwrap().unwrap_err();
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn the_help_names_every_command() {
        assert!(names().iter().all(|name| help().contains(name)));
        for name in names() {
            let said = parse(name).unwrap();
            assert!(!said.is_err_and(|message| message.contains("there is no command")), "{name}");
        }
    }
}
