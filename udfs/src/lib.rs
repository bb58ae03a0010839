//! placeholder until the crate lands
/// Registers all functions.
pub fn register_all(_: &datafusion::prelude::SessionContext) -> datafusion::error::Result<()> {
    Ok(())
}
