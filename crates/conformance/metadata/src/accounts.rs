//! Rules of accounts, entities and projects.

use artifact_store::metadata::MetadataStoreExt as _;

use crate::fixture::{Fixture, Rule, address, at, value, write};

/// Accounts are listed by name, each with its keys by age.
pub fn accounts_are_listed_by_name(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    write(&*store, |tx| {
        for (number, name) in (0..).zip(["bob", "Zoe", "ann"]) {
            tx.ensure_account(&value(name), at(number))?;
        }
        tx.insert_key(&value("ann"), &[2; 32], "second", at(20))?;
        tx.insert_key(&value("ann"), &[1; 32], "first", at(10))?;
        // The time when it was added stays.
        tx.ensure_account(&value("ann"), at(99))
    })?;
    let accounts = store.reading(|rows| rows.accounts())?;
    let names: Vec<_> = accounts
        .iter()
        .map(|account| account.name.as_str())
        .collect();
    assert_eq!(names, ["Zoe", "ann", "bob"]);
    let ann = store.reading(|rows| rows.account(&value("ann")))?;
    assert_eq!(ann.as_ref(), Some(&accounts[1]));
    assert_eq!(accounts[1].created_at, at(2));
    let keys = accounts[1].keys.iter();
    let keys: Vec<_> = keys
        .map(|key| (key.prefix.as_str(), key.created_at))
        .collect();
    assert_eq!(keys, [("first", at(10)), ("second", at(20))]);
    Ok(())
}

/// A key has one owner; it is gone with its account, whose entity stays personal.
pub fn a_key_goes_with_its_account(fixture: &impl Fixture) -> Rule {
    let (store, key) = (fixture.store(), [7; 32]);
    let (ann, bob) = (value("ann"), value("bob"));
    write(&*store, |tx| {
        tx.ensure_account(&ann, at(1))?;
        tx.ensure_account(&bob, at(1))?;
        tx.insert_key(&ann, &key, "prefix", at(1))
    })?;
    assert!(write(&*store, |tx| tx.insert_key(&bob, &key, "prefix", at(1))).is_err());
    let owner = store.reading(|rows| rows.owner_of_key(&key))?;
    assert_eq!(owner.as_ref(), Some(&ann));
    assert!(write(&*store, |tx| tx.delete_account(&ann))?);
    assert!(!write(&*store, |tx| tx.delete_account(&ann))?);
    store.reading(|rows| {
        assert_eq!(rows.owner_of_key(&key)?, None);
        assert_eq!(rows.account(&ann)?, None);
        assert!(rows.is_personal(&ann)?);
        assert!(!rows.is_personal(&value("team"))?);
        Ok(())
    })
}

/// An entity exists once it has an account or a project.
pub fn an_entity_has_an_account_or_a_project(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    write(&*store, |tx| {
        tx.ensure_entity(&value("seen"), at(1))?;
        tx.ensure_account(&value("ann"), at(2))?;
        tx.ensure_project(&address("team", "vision"), at(3))
            .map(drop)
    })?;
    store.reading(|rows| {
        assert_eq!(rows.entity(&value("unknown"))?, None);
        assert_eq!(rows.entity(&value("seen"))?, None);
        let [ann, team] = ["ann", "team"].map(|name| rows.entity(&value(name)));
        let (ann, team) = (ann?.expect("has an account"), team?.expect("has a project"));
        assert!(ann.is_personal && !team.is_personal);
        assert_eq!((ann.created_at, team.created_at), (at(2), at(3)));
        assert_ne!(ann.number, team.number);
        Ok(())
    })
}

/// Projects are listed by entity and name, bytewise, page by page.
pub fn projects_are_listed_by_entity_and_name(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let sorted = [
        ("B", "z"),
        ("a", "B"),
        ("a", "a"),
        ("a", "a-b"),
        ("a", "a_b"),
        ("b", "a"),
    ];
    write(&*store, |tx| {
        for index in [3, 0, 5, 1, 4, 2] {
            let (entity, name) = sorted[index];
            tx.ensure_project(&address(entity, name), at(1))?;
        }
        Ok(())
    })?;
    let mut listed = Vec::new();
    while let page = store.reading(|rows| rows.projects(listed.last(), 2))?
        && !page.is_empty()
    {
        assert!(page.len() <= 2);
        listed.extend(page);
    }
    assert_eq!(listed, sorted.map(|(entity, name)| address(entity, name)));
    let of_a = store.reading(|rows| rows.projects_of(&value("a")))?;
    assert_eq!(of_a.len(), 4);
    Ok(())
}

/// A project is created once; the time of its last change never goes back.
pub fn a_project_keeps_its_latest_change(fixture: &impl Fixture) -> Rule {
    let (store, vision) = (fixture.store(), address("team", "vision"));
    let key = write(&*store, |tx| tx.ensure_project(&vision, at(5)))?;
    write(&*store, |tx| {
        assert_eq!(tx.ensure_project(&vision, at(9))?, key);
        tx.describe_project(key, "text")?;
        tx.touch_project(key, at(8))?;
        tx.touch_project(key, at(7))
    })?;
    let project = store.reading(|rows| rows.project_record(key))?;
    assert_eq!((project.number, project.address), (key.0, vision));
    assert_eq!((project.created_at, project.updated_at), (at(5), at(8)));
    assert_eq!(project.description.as_deref(), Some("text"));
    Ok(())
}
