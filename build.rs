//! The SQL folder is part of the binary; cargo does not see changes in it by itself.

fn main() {
    println!("cargo:rerun-if-changed=sql");
}
