use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn paths(tree: &SqlTree) -> Vec<&str> {
    tree.files().map(|file| file.path.as_str()).collect()
}

#[test]
fn a_folder_is_read_with_its_manifest_and_without_its_overlays() {
    let root = tempfile::tempdir().unwrap();
    for path in ["base/a.sql", "features/deep/b.sql", "reference/base/a.sql", "idea/base/c.sql"] {
        write(root.path(), path, "select 1");
    }
    for path in ["README.md", ".hidden/x.sql", "pipeline.toml", "idea/pipeline.toml"] {
        write(root.path(), path, "");
    }
    let tree = SqlTree::load(Some(root.path()), &[]).unwrap();
    assert_eq!(paths(&tree), ["base/a.sql", "features/deep/b.sql"]);
    assert_eq!(tree.manifests().len(), 1);
    assert_eq!(tree.file("features/deep/b.sql").unwrap().phase(), "features");
}

#[test]
fn overlays_replace_and_add_in_order_and_may_be_named_by_their_folder() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "base/a.sql", "base");
    write(root.path(), "base/b.sql", "base");
    write(root.path(), "reference/base/a.sql", "reference");
    write(root.path(), "reference/pipeline.toml", "x = 1");
    let mine = tempfile::tempdir().unwrap();
    write(mine.path(), "base/a.sql", "mine");
    write(mine.path(), "features/new.sql", "mine");
    let overlays = [PathBuf::from("reference"), mine.path().to_path_buf()];
    let tree = SqlTree::load(Some(root.path()), &overlays[..1]).unwrap();
    assert_eq!(tree.file("base/a.sql").unwrap().text, "reference");
    assert_eq!(tree.manifests().len(), 1);
    let tree = SqlTree::load(Some(root.path()), &overlays).unwrap();
    assert_eq!(tree.file("base/a.sql").unwrap().text, "mine");
    assert_eq!(tree.file("base/b.sql").unwrap().text, "base");
    assert!(tree.file("base/a.sql").unwrap().origin.starts_with(mine.path().to_str().unwrap()));
    assert_eq!(paths(&tree), ["base/a.sql", "base/b.sql", "features/new.sql"]);
}

#[test]
fn the_embedded_reference_overlay_is_found_from_a_folder_without_one() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "base/a.sql", "mine");
    let tree = SqlTree::load(Some(root.path()), &[PathBuf::from("reference")]).unwrap();
    let mut embedded = tree.files().filter(|f| f.text != "mine").peekable();
    assert!(embedded.peek().is_some());
    assert!(embedded.all(|f| f.origin == format!("sql/reference/{}", f.path)));
    assert_eq!(tree.manifests()[0].origin, "sql/reference/pipeline.toml");
}

#[test]
fn an_unknown_overlay_is_an_error_that_lists_those_there_are() {
    let root = tempfile::tempdir().unwrap();
    let error = SqlTree::load(Some(root.path()), &[PathBuf::from("refrence")]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("there is no overlay refrence"), "{text}");
    assert!(text.contains("use one of: reference"), "{text}");
}

#[test]
fn a_missing_folder_and_a_file_that_is_not_text_are_errors_that_name_the_path() {
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("nowhere");
    let error = SqlTree::load(Some(&missing), &[]).unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
    fs::write(root.path().join("x.sql"), [0xff, 0xfe]).unwrap();
    let error = SqlTree::load(Some(root.path()), &[]).unwrap_err().to_string();
    assert!(error.contains("x.sql"), "{error}");
}

#[test]
fn the_embedded_tree_and_its_reference_overlay_load() {
    let base = SqlTree::embedded(&[]).unwrap();
    assert!(base.files().count() > 0);
    assert!(base.files().all(|f| f.phase() != "reference" && f.origin.starts_with("sql/")));
    let reference = SqlTree::embedded(&[PathBuf::from("reference")]).unwrap();
    assert_eq!(reference.manifests().len(), base.manifests().len() + 1);
}
