//! A user: an account of this server.

use artifact_core::EntityName;
use artifact_core::records::{Account, AccountKey};
use async_graphql::{Context, ID, Object, Result};

use super::{EntityNode, OrganizationNode};
use crate::graphql::connection::{connection, single_page};
use crate::graphql::context::request_context;
use crate::graphql::ids::encode;
use crate::graphql::scalars::DateTime;

/// A user.
pub(crate) struct UserNode {
    name: EntityName,
    /// Known of the request only.
    keys: Vec<AccountKey>,
}

impl UserNode {
    /// Returns the request.
    pub(crate) fn of_account(account: &Account) -> Self {
        Self {
            name: account.name.clone(),
            keys: account.keys.clone(),
        }
    }

    /// Returns somebody by name.
    pub(crate) fn named(name: EntityName) -> Self {
        Self {
            name,
            keys: Vec::new(),
        }
    }
}

#[Object(name = "User")]
impl UserNode {
    async fn id(&self, context: &Context<'_>) -> Result<ID> {
        let entity = request_context(context).service.entity(&self.name)?;
        Ok(encode("User", entity.map_or(0, |entity| entity.number)))
    }

    async fn name(&self) -> &str {
        self.name.as_str()
    }

    async fn username(&self) -> &str {
        self.name.as_str()
    }

    async fn email(&self) -> &str {
        ""
    }

    async fn admin(&self) -> bool {
        false
    }

    /// JSON text.
    async fn flags(&self) -> &str {
        "{}"
    }

    /// The personal entity, which is the default one.
    async fn entity(&self) -> &str {
        self.name.as_str()
    }

    async fn deleted_at(&self) -> Option<DateTime> {
        None
    }

    async fn photo_url(&self) -> Option<String> {
        None
    }

    async fn api_keys(&self) -> ApiKeyConnection {
        let keys = self.keys.iter().map(|key| ApiKeyNode {
            owner: self.name.clone(),
            key: key.clone(),
        });
        ApiKeyConnection::of(single_page(keys.collect()), |key| key)
    }

    /// The personal entity reads as a team of one.
    async fn teams(&self, context: &Context<'_>) -> Result<TeamConnection> {
        let own = request_context(context).service.entity(&self.name)?;
        let teams = own.into_iter().collect();
        Ok(TeamConnection::of(single_page(teams), EntityNode::from))
    }

    async fn organizations(&self, context: &Context<'_>) -> Result<Vec<OrganizationNode>> {
        let own = request_context(context).service.entity(&self.name)?;
        Ok(own.into_iter().map(OrganizationNode::from).collect())
    }
}

/// An API key, as far as it is known: it is stored hashed.
pub(crate) struct ApiKeyNode {
    owner: EntityName,
    key: AccountKey,
}

#[Object(name = "ApiKey")]
impl ApiKeyNode {
    async fn id(&self) -> ID {
        encode("ApiKey", format_args!("{}:{}", self.owner, self.key.prefix))
    }

    /// The beginning of the key, by which a client finds its own among several.
    async fn name(&self) -> &str {
        &self.key.prefix
    }

    async fn description(&self) -> Option<String> {
        None
    }
}

connection! {
    /// API keys of a user.
    ApiKeyConnection, ApiKeyEdge, ApiKeyNode
}

connection! {
    /// Teams that a user belongs to.
    TeamConnection, TeamEdge, EntityNode
}
