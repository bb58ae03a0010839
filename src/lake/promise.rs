//! Whether a bucket keeps the promise that everything here rests on: that of two writers only one creates an object.
//!
//! Most stores honour `If-None-Match: *` on PUT. One that ignores it says yes to both, and versions would be lost in
//! silence. So before a process first commits to a bucket it writes the same object twice: the second write must be
//! refused. From then on the object is there, and one refused write per process is all it costs.

use object_store::PutMode;

use super::{Lake, LakeError, Result};

/// The object that is written.
const PROBE: &str = "_locks/put-if-absent";

impl Lake {
    /// Asks the storage once, unless it is a local disk, which is known to keep it.
    ///
    /// # Errors
    /// [`LakeError::NoConditionalWrites`] if it does not; or if it cannot be asked.
    pub(super) async fn ensure_conditional_writes(&self) -> Result<()> {
        if self.url().scheme() != "s3" {
            return Ok(());
        }
        self.promise().get_or_try_init(|| self.ask()).await.copied()
    }

    async fn ask(&self) -> Result<()> {
        let path = self.child(PROBE);
        let refused = async || {
            let text = "Two writers must not both create this object.\n";
            match self.store().put_opts(&path, text.into(), PutMode::Create.into()).await {
                Ok(_) => Ok(false),
                Err(object_store::Error::AlreadyExists { .. }) => Ok(true),
                Err(object_store::Error::NotImplemented { .. }) => Err(self.no_conditional_writes()),
                Err(error) => Err(self.storage_error(&path, error)),
            }
        };
        // The first write creates it, unless an earlier process has.
        match refused().await? || refused().await? {
            true => Ok(()),
            false => Err(self.no_conditional_writes()),
        }
    }

    fn no_conditional_writes(&self) -> LakeError {
        LakeError::NoConditionalWrites { location: self.display() }
    }
}
