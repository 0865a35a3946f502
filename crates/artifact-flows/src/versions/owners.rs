//! Whose registries an address means: remembered beside the versions, because only the registry knows it.

use artifact_core::EntityName;

use super::VersionCache;

/// Who asks for a registry, and of which organization, as far as it was said.
#[derive(Debug, Clone, Copy)]
pub struct RegistryOwner<'a> {
    /// The entity that somebody works as.
    pub member: Option<&'a EntityName>,
    /// The organization, by its own name or its entity's.
    pub organization: Option<&'a str>,
}

impl RegistryOwner<'_> {
    /// Returns what to remember the answer under; `None` where it depends on who is logged in.
    fn key(&self) -> Option<String> {
        if self.member.is_none() && self.organization.is_none() {
            return None;
        }
        let member = self.member.map_or("", EntityName::as_str);
        // No address begins so.
        Some(format!(
            "registries:{member}/{}",
            self.organization.unwrap_or_default()
        ))
    }
}

impl VersionCache {
    /// Returns the entity that the registries belonged to when that was asked last.
    #[must_use]
    pub fn registry_entity(&self, owner: &RegistryOwner<'_>) -> Option<EntityName> {
        let entity = String::from_utf8(self.read(&owner.key()?)?).ok()?;
        entity.parse().ok()
    }

    /// Remembers the entity that the registries belong to.
    pub fn remember_registry_entity(&self, owner: &RegistryOwner<'_>, entity: &EntityName) {
        if let Some(key) = owner.key()
            && self.registry_entity(owner).as_ref() != Some(entity)
        {
            self.write(&key, entity.as_str().as_bytes());
        }
    }
}
