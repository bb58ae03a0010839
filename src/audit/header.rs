//! What the comment at the top of a `.sql` file declares.

use crate::pipeline::Pipeline;

/// The value of `-- Name: value` among the comment lines at the top of a file.
pub(super) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let comments = text.lines().map_while(|line| line.strip_prefix("--"));
    let mut values = comments.filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    values.next().map(str::trim)
}

/// The items of a list with commas.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// What the file of a dataset says after `-- Role:`: `target` for outcomes, `snapshot` for a state of the last date.
pub(super) fn role<'a>(pipeline: &'a Pipeline, dataset: &str) -> Option<&'a str> {
    let position = pipeline.graph.position(dataset)?;
    header(&pipeline.graph.nodes()[position].step.file.text, "Role")
}
