//! Connections: listings as edges with cursors, page by page.

use async_graphql::SimpleObject;

/// The end of a page.
#[derive(SimpleObject, Debug, Clone)]
pub(crate) struct PageInfo {
    pub(crate) end_cursor: Option<String>,
    pub(crate) has_next_page: bool,
}

/// Declares a connection over nodes, with a constructor from a slice of records.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident, $edge:ident, $node:ty) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $connection {
            pub(crate) edges: Vec<$edge>,
            pub(crate) page_info: $crate::graphql::connection::PageInfo,
            pub(crate) total_count: i32,
        }

        /// One item of the listing.
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $edge {
            pub(crate) node: $node,
            pub(crate) cursor: String,
        }

        impl $connection {
            /// Returns a connection over a slice, whose records `node` turns into nodes.
            pub(crate) fn of<T>(
                slice: artifact_store::service::Slice<T>,
                node: impl Fn(T) -> $node,
            ) -> Self {
                let end_cursor = slice.items.last().map(|last| last.cursor.clone());
                Self {
                    page_info: $crate::graphql::connection::PageInfo {
                        end_cursor,
                        has_next_page: slice.has_more,
                    },
                    total_count: i32::try_from(slice.total).unwrap_or(i32::MAX),
                    edges: slice
                        .items
                        .into_iter()
                        .map(|listed| $edge {
                            node: node(listed.item),
                            cursor: listed.cursor,
                        })
                        .collect(),
                }
            }
        }
    };
}

pub(crate) use connection;

/// Returns a listing that consists of a single page.
pub(crate) fn single_page<T>(items: Vec<T>) -> artifact_store::service::Slice<T> {
    let listed = items.into_iter().enumerate();
    artifact_store::service::Slice {
        total: listed.len() as u64,
        has_more: false,
        items: listed
            .map(|(index, item)| artifact_store::service::Listed {
                cursor: index.to_string(),
                item,
            })
            .collect(),
    }
}
