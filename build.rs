//! The SQL folder is part of the binary; cargo does not see changes in it by itself.

fn main() {
    println!("cargo:rerun-if-changed=sql");
    // A command at a fixed address need not have its 300 thousand pointers moved first, a third of what it takes to start.
    // Heap, stacks and libraries still lie at random addresses; the program's own code does not, as in a Go program.
    let linux = |key: &str, value: &str| std::env::var(key).is_ok_and(|target| target == value);
    if linux("CARGO_CFG_TARGET_OS", "linux") && linux("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
