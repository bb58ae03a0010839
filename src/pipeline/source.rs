//! The tree of `.sql` files: embedded in the binary or read from a folder, with overlays on top.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use datafusion::sql::sqlparser::tokenizer::Span;
use include_dir::{Dir, DirEntry, include_dir};

use super::error::{PipelineError, SourceLocation};

/// The `sql/` folder as it was when the binary was built.
static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/sql");

const DEFAULT_FOLDER: &str = "sql";
const MANIFEST: &str = "pipeline.toml";

/// One source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// Path relative to the root of its tree, with `/`: `features/beta.sql`. Overlays replace by this path.
    pub path: String,
    /// The path to show to a person: `sql/features/beta.sql`, or the path below the overlay.
    pub origin: String,
    /// The contents.
    pub text: String,
}

impl SqlFile {
    /// A text that comes from no file, such as `kairos sql -c`; errors name it `origin`.
    pub fn inline(origin: &str, text: &str) -> Self {
        Self { path: origin.to_string(), origin: origin.to_string(), text: text.to_string() }
    }

    /// The phase: the first folder of the path, empty for a file at the root.
    pub fn phase(&self) -> &str {
        self.path.split_once('/').map_or("", |(folder, _)| folder)
    }

    /// The place of a span of the SQL parser, whose ends are exclusive; an empty span is the start of the file.
    pub fn at(&self, span: Span) -> Box<SourceLocation> {
        let (start, end) = (span.start, span.end);
        let width = if end.line == start.line { end.column.saturating_sub(start.column) } else { 1 };
        SourceLocation::new(self, start.line as usize, start.column as usize, width as usize)
    }
}

/// All `.sql` files of a pipeline by relative path, and the `pipeline.toml` of each layer.
///
/// A sub-folder named `reference`, or one that has a `pipeline.toml` of its own, is an overlay that travels with the
/// tree: its files are not part of the tree unless the overlay is asked for.
#[derive(Debug, Clone, Default)]
pub struct SqlTree {
    files: BTreeMap<String, SqlFile>,
    manifests: Vec<SqlFile>,
}

impl SqlTree {
    /// Loads the base tree and lays the overlays over it, the last one on top.
    ///
    /// The base is `sql` if given, else the folder `sql` of the working directory if it holds a `pipeline.toml`, else
    /// the tree in the binary. An overlay is a folder on disk, else an overlay that travels with the base tree, else one
    /// in the binary; for the latter two, `NAME` and `sql/NAME` mean the same.
    ///
    /// # Errors
    /// If a folder or file cannot be read or is not UTF-8, or an overlay does not exist.
    pub fn load(sql: Option<&Path>, overlays: &[PathBuf]) -> Result<Self, PipelineError> {
        let local = Path::new(DEFAULT_FOLDER);
        let base = match sql {
            Some(folder) => Layer::Disk(folder.to_path_buf()),
            None if local.join(MANIFEST).is_file() => Layer::Disk(local.to_path_buf()),
            None => return Self::embedded(overlays),
        };
        Self::layered(&base, overlays)
    }

    /// The tree in the binary with overlays, whatever the working directory holds.
    ///
    /// # Errors
    /// As for [`SqlTree::load`].
    pub fn embedded(overlays: &[PathBuf]) -> Result<Self, PipelineError> {
        Self::layered(&Layer::embedded(), overlays)
    }

    fn layered(base: &Layer, overlays: &[PathBuf]) -> Result<Self, PipelineError> {
        let mut tree = Self::default();
        tree.lay(base.files(DEFAULT_FOLDER)?, &base.overlays()?);
        for overlay in overlays {
            let (layer, shown) = find_overlay(overlay, base)?;
            tree.lay(layer.files(&shown)?, &layer.overlays()?);
        }
        Ok(tree)
    }

    /// A tree from files in memory; the path `pipeline.toml` is the manifest. Repeated calls of [`SqlTree::overlay`] add layers.
    pub fn from_files(files: impl IntoIterator<Item = SqlFile>) -> Self {
        let mut tree = Self::default();
        tree.overlay(files);
        tree
    }

    /// Lays files over the tree: replaces by relative path, adds the others, and appends the manifest.
    pub fn overlay(&mut self, files: impl IntoIterator<Item = SqlFile>) {
        self.lay(files.into_iter().collect(), &[]);
    }

    /// The `.sql` files in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = &SqlFile> {
        self.files.values()
    }

    /// The file at a relative path.
    pub fn file(&self, path: &str) -> Option<&SqlFile> {
        self.files.get(path)
    }

    /// The `pipeline.toml` of the base, then those of the overlays.
    pub fn manifests(&self) -> &[SqlFile] {
        &self.manifests
    }

    fn lay(&mut self, files: Vec<SqlFile>, excluded: &[String]) {
        for file in files {
            if excluded.iter().any(|folder| file.phase() == folder) {
                continue;
            }
            if file.path == MANIFEST {
                self.manifests.push(file);
            } else if file.path.ends_with(".sql") {
                self.files.insert(file.path.clone(), file);
            }
        }
    }
}

/// A place that holds files: a folder on disk or one in the binary.
enum Layer {
    Disk(PathBuf),
    Embedded { folder: &'static Dir<'static> },
}

impl Layer {
    fn embedded() -> Self {
        Self::Embedded { folder: &EMBEDDED }
    }

    /// All `.sql` and `pipeline.toml` files below; `shown` is the prefix of the origin of embedded files.
    fn files(&self, shown: &str) -> Result<Vec<SqlFile>, PipelineError> {
        let mut files = Vec::new();
        match self {
            Self::Disk(root) => read_folder(root, root, &mut files)?,
            Self::Embedded { folder } => read_embedded(folder, folder.path(), shown, &mut files)?,
        }
        Ok(files)
    }

    /// The overlays that travel with this tree.
    fn overlays(&self) -> Result<Vec<String>, PipelineError> {
        let mut names = Vec::new();
        match self {
            Self::Disk(root) => {
                for path in sorted_entries(root)?.into_iter().filter(|p| p.is_dir()) {
                    let name = file_name(&path);
                    if name == "reference" || path.join(MANIFEST).is_file() {
                        names.push(name);
                    }
                }
            }
            Self::Embedded { folder } => {
                for dir in folder.dirs() {
                    let name = file_name(dir.path());
                    if name == "reference" || dir.get_file(dir.path().join(MANIFEST)).is_some() {
                        names.push(name);
                    }
                }
            }
        }
        Ok(names)
    }

    fn overlay(&self, name: &str) -> Option<Self> {
        match self {
            Self::Disk(root) => {
                let path = root.join(name);
                path.is_dir().then_some(Self::Disk(path))
            }
            Self::Embedded { folder } => {
                let folder = folder.get_dir(folder.path().join(name))?;
                Some(Self::Embedded { folder })
            }
        }
    }
}

/// Finds an overlay, with the prefix to show for its files.
fn find_overlay(path: &Path, base: &Layer) -> Result<(Layer, String), PipelineError> {
    if path.is_dir() {
        return Ok((Layer::Disk(path.to_path_buf()), String::new()));
    }
    let name = path.strip_prefix(DEFAULT_FOLDER).unwrap_or(path).to_string_lossy().into_owned();
    let shown = format!("{DEFAULT_FOLDER}/{name}");
    let mut available = base.overlays()?;
    for layer in [base, &Layer::embedded()] {
        let travelling = layer.overlays()?;
        if let Some(overlay) = travelling.contains(&name).then(|| layer.overlay(&name)).flatten() {
            return Ok((overlay, shown));
        }
        available.extend(travelling);
    }
    available.sort();
    available.dedup();
    Err(PipelineError::NoOverlay { path: path.display().to_string(), available })
}

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<SqlFile>) -> Result<(), PipelineError> {
    for path in sorted_entries(folder)? {
        let name = file_name(&path);
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            read_folder(root, &path, files)?;
        } else if name.ends_with(".sql") || name == MANIFEST {
            let text = fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
            let relative = slashes(path.strip_prefix(root).unwrap_or(&path));
            files.push(SqlFile { path: relative, origin: slashes(&path), text });
        }
    }
    Ok(())
}

fn read_embedded(
    folder: &Dir<'static>,
    root: &Path,
    shown: &str,
    files: &mut Vec<SqlFile>,
) -> Result<(), PipelineError> {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(dir) => read_embedded(dir, root, shown, files)?,
            DirEntry::File(file) => {
                let path = slashes(file.path().strip_prefix(root).unwrap_or(file.path()));
                let not_utf8 = || io::Error::new(io::ErrorKind::InvalidData, "not UTF-8");
                let text = (file.contents_utf8()).ok_or_else(|| unreadable(file.path(), not_utf8()))?.to_string();
                files.push(SqlFile { origin: format!("{shown}/{path}"), path, text });
            }
        }
    }
    Ok(())
}

/// The entries of a folder by name, so that errors do not depend on the file system's order.
fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let read = || -> io::Result<Vec<PathBuf>> { fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    let mut paths = read().map_err(|source| unreadable(folder, source))?;
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, source: io::Error) -> PipelineError {
    PipelineError::Read { path: path.display().to_string(), source }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
