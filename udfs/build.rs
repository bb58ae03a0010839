//! Computes the fingerprint of this crate's sources, so that a pipeline can tell that a function
//! may compute something else than it did for a stored result.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// FNV-1a, 128 bit: <https://datatracker.ietf.org/doc/html/rfc9923>. Stable across compilers, which
/// the hasher of `std` does not promise, and without a build dependency.
struct Fnv1a(u128);

impl Fnv1a {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }
}

/// All files below `folder`, in a fixed order.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hash = Fnv1a(Fnv1a::OFFSET_BASIS);
    for file in files_below(&root.join("src"))? {
        // The path below the crate, so that a checkout elsewhere has the same fingerprint.
        let name = file.strip_prefix(&root).unwrap_or(&file);
        for part in name.components() {
            hash.update(part.as_os_str().as_encoded_bytes());
            hash.update(b"/");
        }
        let content = fs::read(&file)?;
        hash.update(&content.len().to_le_bytes());
        hash.update(&content);
    }
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=KAIROS_UDFS_FINGERPRINT={:032x}", hash.0);
    Ok(())
}
