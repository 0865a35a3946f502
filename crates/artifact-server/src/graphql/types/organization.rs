//! Organizations: this server has none, but the documents of clients name them.

use async_graphql::{ComplexObject, ID, SimpleObject};

use super::EntityNode;
use crate::graphql::enums::RampIDType;

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
