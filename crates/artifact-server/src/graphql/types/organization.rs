//! Organizations, to which registries belong: on this server each entity is one, with itself for its only member.

use artifact_core::records::Entity;
use async_graphql::{ComplexObject, ID, SimpleObject};

use super::EntityNode;
use crate::graphql::enums::RampIDType;
use crate::graphql::ids::encode;

/// An organization.
#[derive(SimpleObject)]
#[graphql(name = "Organization", complex)]
pub(crate) struct OrganizationNode {
    id: ID,
    name: String,
    org_entity: Option<EntityNode>,
    advanced_registry_features: Option<AdvancedRegistryFeatures>,
    core_weave_organization_id: Option<String>,
}

impl From<Entity> for OrganizationNode {
    fn from(entity: Entity) -> Self {
        Self {
            id: encode("Organization", entity.number),
            name: entity.name.to_string(),
            org_entity: Some(entity.into()),
            advanced_registry_features: None,
            core_weave_organization_id: None,
        }
    }
}

#[ComplexObject]
impl OrganizationNode {
    async fn feature_flags(
        &self,
        #[graphql(name = "rampIDType")] _ramp_id_type: Option<RampIDType>,
    ) -> Vec<FeatureFlag> {
        Vec::new()
    }
}

/// A switch of an organization.
#[derive(SimpleObject)]
pub(crate) struct FeatureFlag {
    ramp_key: String,
    is_enabled: bool,
}

/// What an organization's registries can do.
#[derive(SimpleObject)]
pub(crate) struct AdvancedRegistryFeatures {
    advanced_search: bool,
}
