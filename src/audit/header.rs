//! What the comment at the top of a `.sql` file declares.

use crate::pipeline::{Pipeline, Role};

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

/// What the columns of a dataset are for; `None` if no file makes it.
pub(super) fn role(pipeline: &Pipeline, dataset: &str) -> Option<Role> {
    let position = pipeline.graph.position(dataset)?;
    Some(pipeline.graph.nodes()[position].step.header.role)
}
