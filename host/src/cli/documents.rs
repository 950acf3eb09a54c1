//! The commands that the documents show must be commands that exist.

use casemate_wire::identity::ClientIdentity;
use clap::Parser;

use super::Cli;

/// The words of a line as a shell would take them: quotes, `$NAME` from `variable`, an end at `#`, `|`, `&` or `>`.
fn words(line: &str, variable: &dyn Fn(&str) -> String) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            ('$', None | Some('"')) => {
                let mut name = String::new();
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                word.get_or_insert_default().push_str(&variable(&name));
            }
            ('\\', Some('"')) => word.get_or_insert_default().extend(rest.next()),
            (' ', None) => words.extend(word.take()),
            ('#' | '|' | '&' | '>', None) if word.is_none() => break,
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The lines of the shell blocks of a document, continued ones joined.
fn shell_lines(document: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = false;
    let mut line = String::new();
    for text in document.lines().map(str::trim) {
        if text.starts_with("```") {
            inside = text == "```sh";
        } else if inside {
            line.push_str(text.trim_end_matches('\\'));
            if !text.ends_with('\\') {
                lines.push(std::mem::take(&mut line));
            }
        }
    }
    lines
}

fn commands_that_do_not_parse(document: &str) -> Vec<String> {
    let key = ClientIdentity::generate().unwrap().public().to_string();
    let variable = |name: &str| if name.starts_with("ALICE") || name == "BOB" { key.clone() } else { "x".to_owned() };
    let commands: Vec<_> = shell_lines(document).into_iter().filter(|line| line.starts_with("casemate ")).collect();
    assert!(commands.len() > 3, "the document shows commands: {commands:?}");
    let fails =
        |line: &String| Cli::try_parse_from(words(line, &variable)).err().map(|error| format!("{line}\n{error}"));
    commands.iter().filter_map(fails).collect()
}

#[test]
fn every_command_of_the_deployment_guide_exists() {
    let document = include_str!("../../../docs/deploy.md");
    assert_eq!(commands_that_do_not_parse(document), [""; 0]);
    assert_eq!(commands_that_do_not_parse(&document.replace("--trust-add", "--trust-plus")).len(), 1);
}

#[test]
fn lines_are_split_as_a_shell_does() {
    let variable = |name: &str| format!("<{name}>");
    assert_eq!(words(r#"a "b $C d" 'e $f' g=$H # i"#, &variable), ["a", "b <C> d", "e $f", "g=<H>"]);
    assert_eq!(words("a --json > b", &variable), ["a", "--json"]);
}
