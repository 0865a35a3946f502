//! Listings of runs and projects.

use artifact_core::records::{ProjectChanges, RunChanges};
use artifact_store::service::{ListQuery, StreamUpdate};
use serde_json::json;

use crate::world::{START, World, all, entity, named, object, project, run};

#[test]
fn runs_are_listed_filtered_and_counted() {
    let world = World::new();
    let service = world.account("ann");
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        let changes = RunChanges {
            tags: Some(vec![format!("tag-{index}")]),
            job_type: Some("train".to_owned()),
            config: Some(object(json!({"lr": {"value": index}})).into()),
            summary: Some(object(json!({"loss": 10 - index}))),
            ..RunChanges::default()
        };
        let address = run(&format!("team/vision/{name}"));
        service.upsert_run(&address, &changes).unwrap();
        world.wait(1);
    }
    let vision = project("team/vision");
    let ids = |filter: &str, order: Option<&str>| -> Vec<String> {
        let query = ListQuery {
            filter: Some(filter.to_owned()),
            order: order.map(str::to_owned),
            ..ListQuery::default()
        };
        let slice = service.runs(&vision, &query).unwrap();
        assert_eq!(
            service.run_count(&vision, Some(filter)).unwrap(),
            slice.total
        );
        let items = slice.items.into_iter();
        items
            .map(|listed| listed.item.address.id.to_string())
            .collect()
    };
    assert_eq!(ids("{}", None), ["a", "b", "c"]);
    assert_eq!(ids("{}", Some("-created_at")), ["c", "b", "a"]);
    assert_eq!(ids("{}", Some("+summary_metrics.loss")), ["c", "b", "a"]);
    assert_eq!(ids("{}", Some("-config.lr.value")), ["c", "b", "a"]);
    assert_eq!(ids("{}", Some("jobType,-name")), ["c", "b", "a"]);
    assert_eq!(ids(r#"{"config.lr.value": {"$gte": 1}}"#, None), ["b", "c"]);
    assert_eq!(ids(r#"{"config.lr": 2}"#, None), ["c"]);
    assert_eq!(
        ids(r#"{"summary_metrics.loss": {"$lt": 10}}"#, None),
        ["b", "c"]
    );
    assert_eq!(
        ids(r#"{"tags": {"$in": ["tag-0", "tag-2"]}}"#, None),
        ["a", "c"]
    );
    assert_eq!(
        ids(
            r#"{"$and": [{"username": "ann"}, {"state": "running"}]}"#,
            None
        )
        .len(),
        3
    );
    assert_eq!(
        ids(
            r#"{"createdAt": {"$gt": "2024-05-01T00:00:00.500Z"}}"#,
            None
        ),
        ["b", "c"]
    );
    assert_eq!(ids(r#"{"display_name": {"$regex": "-2$"}}"#, None), ["b"]);
    assert_eq!(
        service.runs(&project("team/none"), &all()).unwrap().total,
        0
    );
    assert!(service.run_count(&vision, Some("{")).is_err());
}

#[test]
fn projects_are_made_described_and_listed() {
    let world = World::new();
    let service = world.operator();
    let changes = ProjectChanges {
        description: Some("pictures".to_owned()),
    };
    let (made, is_new) = service
        .upsert_project(&project("team/vision"), &changes)
        .unwrap();
    assert!(is_new);
    assert_eq!(made.description.as_deref(), Some("pictures"));
    world.wait(5);
    world.run("team/speech/r");
    let unchanged = service.upsert_project(&project("team/vision"), &ProjectChanges::default());
    assert_eq!(unchanged.unwrap(), (made.clone(), false));
    assert_eq!(
        service.project(&project("team/vision")).unwrap(),
        Some(made.clone())
    );
    assert_eq!(service.project(&project("team/none")).unwrap(), None);

    let listed = service.projects(&entity("team"), &all()).unwrap();
    let names = listed.items.iter().map(|l| l.item.address.project.as_str());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["speech", "vision"],
        "the newest first"
    );
    let numbers = listed.items.iter().map(|listed| listed.item.number);
    assert_eq!(numbers.collect::<std::collections::HashSet<_>>().len(), 2);
}

#[test]
fn a_project_moves_with_its_runs() {
    let world = World::new();
    let service = world.operator();
    let made = world.run("team/vision/r");
    let mut last = START;
    let mut moved = || {
        let project = service.project(&made.address.project).unwrap().unwrap();
        assert_eq!(project.created_at.as_unix_millis(), START);
        let before = std::mem::replace(&mut last, project.updated_at.as_unix_millis());
        world.wait(1);
        before < last
    };
    assert!(!moved());
    service
        .stream_run(&made.address, &StreamUpdate::default())
        .unwrap();
    assert!(moved(), "a message");
    service.update_run(&made.id, &named("n")).unwrap();
    assert!(moved(), "a change");
    service.stop_run(&made.id).unwrap();
    assert!(moved(), "a wish");
    service.delete_run(&made.id, false).unwrap();
    assert!(moved(), "its end");
}
