//! Rules for all listings of a prefix.

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use futures::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};

/// Returns the objects of `pages` one by one, up to the first error; none at all is [`ResolveError::NotFound`] for `uri`.
pub(crate) fn objects_of(
    uri: ReferenceUri,
    pages: impl Stream<Item = Result<Vec<Result<ReferenceObject, ResolveError>>, ResolveError>>
    + Send
    + 'static,
) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
    let objects = pages.map_ok(stream::iter).try_flatten().boxed();
    stream::unfold(State::Empty(objects, uri), async |state| {
        let (mut objects, uri) = match state {
            State::Empty(objects, uri) => (objects, Some(uri)),
            State::Some(objects) => (objects, None),
            State::Over => return None,
        };
        match (objects.next().await, uri) {
            (Some(Ok(object)), _) => Some((Ok(object), State::Some(objects))),
            (Some(Err(error)), _) => Some((Err(error), State::Over)),
            (None, Some(uri)) => Some((Err(ResolveError::NotFound { uri }), State::Over)),
            (None, None) => None,
        }
    })
    .boxed()
}

enum State {
    Empty(
        BoxStream<'static, Result<ReferenceObject, ResolveError>>,
        ReferenceUri,
    ),
    Some(BoxStream<'static, Result<ReferenceObject, ResolveError>>),
    Over,
}
