//! Accounts, their keys, and what is personal to whom.

use artifact_core::ports::RegistryError;
use artifact_core::records::{ProjectChanges, RunChanges, RunStream};
use artifact_store::service::{Caller, FileSelection, Service, StreamUpdate};
use artifact_store::{EngineOptions, StoreError};

use crate::store::{files_in, open};
use crate::world::{World, all, entity, key_of, project, run};

fn assert_forbidden<T: std::fmt::Debug>(result: Result<T, StoreError>, whose: &str) {
    match result.unwrap_err() {
        StoreError::Refused(RegistryError::Forbidden { entity }) => {
            assert_eq!(entity.as_str(), whose);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_leads_to_its_account() {
    let world = World::new();
    let operator = world.operator();
    let first = operator
        .add_account(&entity("ann"), &key_of("first"))
        .unwrap();
    assert_eq!(first.name.as_str(), "ann");
    assert_eq!(first.keys.len(), 1);
    world.wait(1);
    let second = operator
        .add_account(&entity("ann"), &key_of("second"))
        .unwrap();
    assert_eq!(second.created_at, first.created_at);
    assert_eq!(second.keys.len(), 2);
    // The same key again changes nothing.
    let again = operator.add_account(&entity("ann"), &key_of("first"));
    assert_eq!(again.unwrap(), second);

    for key in ["first", "second"] {
        let found = operator.account_of_key(&key_of(key)).unwrap();
        assert_eq!(found.as_ref(), Some(&second));
    }
    assert_eq!(operator.account_of_key(&key_of("third")).unwrap(), None);
    assert_eq!(operator.account_of_key("").unwrap(), None);
}

#[test]
fn a_key_of_two_accounts_is_refused() {
    let world = World::new();
    world.account("ann");
    let error = world
        .operator()
        .add_account(&entity("bob"), &key_of("ann"))
        .unwrap_err();
    assert!(error.to_string().contains("another account's"), "{error}");
    // The refusal leaves no account behind.
    assert_eq!(world.operator().accounts().unwrap().len(), 1);
}

#[test]
fn keys_follow_the_rule_of_the_official_client() {
    let world = World::new();
    let operator = world.operator();
    let long = |length: usize| "a".repeat(length);
    for key in [
        long(40),
        long(41),
        format!("wandb_v1_{}", long(77)),
        format!("local-{}", long(40)),
        format!("foo-bar-{}", long(36)),
    ] {
        assert!(operator.add_account(&entity("ann"), &key).is_ok(), "{key}");
    }
    for key in [
        String::new(),
        long(39),
        format!("local-{}", long(39)),
        format!("{}-", long(39)),
        format!("{} {}", long(20), long(20)),
        format!("{}\n", long(40)),
        "a.b.c".to_owned(),
    ] {
        let error = operator.add_account(&entity("eve"), &key).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("API key"), "{text}");
        assert!(key.is_empty() || !text.contains(&key), "{text}");
    }
    assert_eq!(operator.accounts().unwrap().len(), 1);
}

#[test]
fn no_key_is_written_anywhere() {
    let world = World::new();
    let key = key_of("very-secret-indeed");
    let account = world.operator().add_account(&entity("ann"), &key).unwrap();
    assert!(key.starts_with(&account.keys[0].prefix));
    assert!(account.keys[0].prefix.len() < 16);
    assert!(!format!("{account:?}").contains(&key));
    let files = files_in(world.store.path())
        .into_iter()
        .filter(|path| path.is_file());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(key.len()).any(|part| part == key.as_bytes());
        assert!(!found, "{}", file.display());
    }
}

#[test]
fn the_signing_secret_stays_and_is_the_stores_own() {
    let world = World::new();
    let secret = world.operator().signing_secret().unwrap();
    assert_eq!(world.operator().signing_secret().unwrap(), secret);
    let other_process = open(world.store.path(), EngineOptions::default()).unwrap();
    let service = other_process.service(Caller::Operator);
    assert_eq!(service.signing_secret().unwrap(), secret);
    assert_ne!(World::new().operator().signing_secret().unwrap(), secret);
    assert_ne!(secret, [0; 32]);
}

#[test]
fn an_account_is_removed_and_what_was_its_own_stays_hidden() {
    let world = World::new();
    let (ann, bob) = (world.account("ann"), world.account("bob"));
    ann.upsert_project(&project("ann/diary"), &ProjectChanges::default())
        .unwrap();
    let operator = world.operator();
    assert!(operator.remove_account(&entity("ann")).unwrap());
    assert!(!operator.remove_account(&entity("ann")).unwrap());
    assert_eq!(operator.account_of_key(&key_of("ann")).unwrap(), None);
    assert_eq!(bob.project(&project("ann/diary")).unwrap(), None);
    assert!(operator.project(&project("ann/diary")).unwrap().is_some());
    world.account("ann");
    assert!(ann.project(&project("ann/diary")).unwrap().is_some());
}

#[test]
fn accounts_manage_only_themselves() {
    let world = World::new();
    let (ann, _bob) = (world.account("ann"), world.account("bob"));
    let names = |service: &Service| -> Vec<_> {
        let accounts = service.accounts().unwrap().into_iter();
        accounts.map(|account| account.name.to_string()).collect()
    };
    assert_eq!(names(&world.operator()), ["ann", "bob"]);
    assert_eq!(names(&ann), ["ann"]);
    assert_forbidden(ann.add_account(&entity("bob"), &key_of("x")), "bob");
    assert_forbidden(ann.remove_account(&entity("bob")), "bob");
    assert!(ann.add_account(&entity("ann"), &key_of("x")).is_ok());
}

#[test]
fn entities_are_personal_or_shared() {
    let world = World::new();
    let (ann, bob) = (world.account("ann"), world.account("bob"));
    world.run("team/vision/r");
    for (service, name, expected) in [
        (&ann, "ann", true),
        (&ann, "bob", false),
        (&bob, "ann", false),
        (&ann, "team", true),
        (&ann, "nobody-yet", true),
        (&world.operator(), "ann", true),
    ] {
        let may = service.may_use(&entity(name)).unwrap();
        assert_eq!(may, expected, "{service:?} {name}");
    }
    let personal = ann.entity(&entity("ann")).unwrap().unwrap();
    assert!(personal.is_personal);
    assert!(!ann.entity(&entity("team")).unwrap().unwrap().is_personal);
    assert_eq!(ann.entity(&entity("bob")).unwrap(), None);
    assert_eq!(ann.entity(&entity("nobody-yet")).unwrap(), None);
}

#[test]
fn what_is_personal_is_as_if_it_were_not_there() {
    let world = World::new();
    let (ann, bob) = (world.account("ann"), world.account("bob"));
    let address = run("ann/diary/r");
    let (made, _) = ann.upsert_run(&address, &RunChanges::default()).unwrap();
    assert_eq!(made.created_by, Some(entity("ann")));

    assert_eq!(bob.project(&address.project).unwrap(), None);
    assert_eq!(bob.projects(&entity("ann"), &all()).unwrap().total, 0);
    assert_eq!(bob.run(&address.project, &address.id).unwrap(), None);
    assert_eq!(bob.run_with_id(&made.id).unwrap(), None);
    assert_eq!(bob.runs(&address.project, &all()).unwrap().total, 0);
    assert_eq!(bob.run_count(&address.project, None).unwrap(), 0);
    let console = RunStream::Console;
    assert!(bob.lines(&made.id, console, 0, 9).unwrap().is_empty());
    assert!(bob.last_lines(&made.id, console, 9).unwrap().is_empty());
    let files = bob.run_files(&made.id, &FileSelection::default(), &all());
    assert_eq!(files.unwrap().total, 0);

    let changes = RunChanges::default();
    assert_forbidden(bob.upsert_run(&address, &changes), "ann");
    assert_forbidden(bob.update_run(&made.id, &changes), "ann");
    assert_forbidden(bob.delete_run(&made.id, false), "ann");
    assert_forbidden(bob.stop_run(&made.id), "ann");
    assert_forbidden(bob.stream_run(&address, &StreamUpdate::default()), "ann");
    assert_forbidden(bob.request_run_files(&address, &[]), "ann");
    let project_changes = ProjectChanges::default();
    assert_forbidden(
        bob.upsert_project(&address.project, &project_changes),
        "ann",
    );

    assert_eq!(ann.runs(&address.project, &all()).unwrap().total, 1);
    assert_eq!(world.operator().run_with_id(&made.id).unwrap(), Some(made));
}
