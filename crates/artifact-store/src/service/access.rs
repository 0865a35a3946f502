//! Who may see and change what.

use artifact_core::EntityName;

use super::Service;
use crate::StoreError;

impl Service {
    /// Whether the caller may see and change what belongs to `entity`: their own, and every entity that is not the
    /// personal one of another account.
    ///
    /// # Errors
    /// When the store fails.
    pub fn may_use(&self, entity: &EntityName) -> Result<bool, StoreError> {
        let _ = (entity, &self.core, &self.caller);
        todo!()
    }
}
