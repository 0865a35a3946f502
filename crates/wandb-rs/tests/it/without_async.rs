//! The same, for programs that are not async.

use wandb_rs::{Artifact, Client, LogOptions, blocking};

use crate::drafts::{aliases, numbered, run_ids};
use crate::tree::{Place, files_in};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn blocking_client(place: &Place) -> Result<blocking::Client, Box<dyn std::error::Error>> {
    let builder = Client::builder().store(place.path("store"));
    Ok(blocking::Client::open(builder)?)
}

#[test]
fn the_same_works_without_async() -> Outcome {
    let place = Place::with_tree();
    let client = blocking_client(&place)?;
    let run = client
        .init()
        .job_type("train")
        .with(|run| run.id("b1".parse().unwrap()))
        .start()?;
    let handles: Vec<_> = (0..3)
        .map(|index| run.log_artifact(numbered("race", index, &[u8::try_from(index).unwrap()])))
        .collect();
    for (index, handle) in handles.into_iter().enumerate().rev() {
        assert_eq!(handle.wait()?.version.get() as usize, index);
    }
    let mut tree = Artifact::new("tree", "dataset")?;
    tree.add_dir(place.path("tree"))?;
    let options = LogOptions::new().aliases(aliases(["best"]));
    let logged = run.log_artifact_with(tree, options).wait()?;
    let used = run.use_artifact("race:v1")?;
    run.finish()?;

    let found = client.artifact("tree:best")?;
    assert_eq!(found.id, logged.id);
    let root = place.path("copy");
    client.wait(found.download().to(&root))?;
    assert_eq!(files_in(&root), files_in(&place.path("tree")));
    assert!(client.wait(found.verify_stored())?.is_ok());
    assert_eq!(run_ids(client.wait(used.used_by())?), ["b1"]);
    assert_eq!(client.save(numbered("race", 9, b"nine"))?.version.get(), 3);
    Ok(())
}

#[test]
fn a_blocking_handle_may_be_dropped() -> Outcome {
    let place = Place::empty();
    let client = blocking_client(&place)?;
    let run = client.init().start()?;
    drop(run.log_artifact(numbered("a", 0, b"x")));
    run.finish()?;
    assert_eq!(client.artifact("a")?.version.get(), 0);
    Ok(())
}
