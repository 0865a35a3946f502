//! A file of a run.

use artifact_core::records::{RunAddress, RunFile};
use async_graphql::{Context, ID, Object};

use crate::graphql::connection::connection;
use crate::graphql::context::request_context;
use crate::graphql::ids::encode;
use crate::graphql::scalars::{DateTime, Int64};

/// A file of a run.
pub(crate) struct RunFileNode {
    pub(crate) run: RunAddress,
    pub(crate) file: RunFile,
}

impl RunFileNode {
    /// What the ids of run files begin with.
    pub(crate) const KIND: &'static str = "RunFile";
}

connection! {
    /// Files of a run.
    RunFileConnection, RunFileEdge, RunFileNode
}

#[Object(name = "RunFile")]
impl RunFileNode {
    async fn id(&self) -> ID {
        encode(Self::KIND, self.file.number)
    }

    async fn name(&self) -> &str {
        self.file.name.as_str()
    }

    async fn display_name(&self) -> &str {
        self.file.name.as_str()
    }

    /// Needs the key, which clients show to the URL that they were configured with.
    async fn url(
        &self,
        context: &Context<'_>,
        #[graphql(name = "upload")] _upload: Option<bool>,
    ) -> String {
        request_context(context)
            .urls
            .run_file(&self.run, &self.file.name)
    }

    /// Needs no key.
    async fn direct_url(&self, context: &Context<'_>) -> String {
        let mut path = vec!["run_files", self.run.id.as_str()];
        path.extend(self.file.name.components());
        request_context(context)
            .urls
            .download(&self.file.ticket, &path)
    }

    async fn size_bytes(&self) -> Int64 {
        Int64::of(self.file.size)
    }

    async fn mimetype(&self) -> Option<&str> {
        self.file.mimetype.as_deref()
    }

    async fn updated_at(&self) -> DateTime {
        self.file.updated_at.into()
    }

    async fn md5(&self) -> String {
        self.file.md5.to_string()
    }

    async fn digest(&self) -> String {
        self.file.md5.to_string()
    }
}
