//! Accounts, settings, entities and projects as rows.

use artifact_core::records::{Account, AccountKey, Entity, Project};
use artifact_core::{EntityName, ProjectAddress, Timestamp};
use artifact_store::StoreError;
use artifact_store::metadata::{
    AccountTable, AccountTableMut, KeyHash, ProjectKey, ProjectTable, ProjectTableMut,
};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;

impl Rows<'_> {
    fn keys_of(&self, account: &EntityName) -> Result<Vec<AccountKey>, StoreError> {
        self.all(
            "SELECT k.prefix, k.created_at FROM api_key k JOIN entity e ON e.id = k.account_id
             WHERE e.name = ?1 ORDER BY k.created_at, k.prefix",
            params![account.as_str()],
            |row| {
                Ok(AccountKey {
                    prefix: row.get(0)?,
                    created_at: values::time(row, 1)?,
                })
            },
        )
    }
}

impl AccountTable for Rows<'_> {
    fn is_personal(&self, entity: &EntityName) -> Result<bool, StoreError> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM entity WHERE name = ?1 AND is_personal)",
            params![entity.as_str()],
            |row| row.get(0),
        )
    }

    fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let names = self.all(
            "SELECT e.name FROM account a JOIN entity e ON e.id = a.entity_id ORDER BY e.name",
            [],
            |row| values::text(row, 0),
        )?;
        let accounts = names.iter().map(|name| self.account(name));
        accounts.filter_map(Result::transpose).collect()
    }

    fn account(&self, name: &EntityName) -> Result<Option<Account>, StoreError> {
        let created_at = self.optional(
            "SELECT a.created_at FROM account a JOIN entity e ON e.id = a.entity_id WHERE e.name = ?1",
            params![name.as_str()],
            |row| values::time(row, 0),
        )?;
        let Some(created_at) = created_at else {
            return Ok(None);
        };
        Ok(Some(Account {
            name: name.clone(),
            created_at,
            keys: self.keys_of(name)?,
        }))
    }

    fn owner_of_key(&self, hash: &KeyHash) -> Result<Option<EntityName>, StoreError> {
        self.optional(
            "SELECT e.name FROM api_key k JOIN entity e ON e.id = k.account_id WHERE k.hash = ?1",
            params![hash],
            |row| values::text(row, 0),
        )
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.optional(
            "SELECT value FROM setting WHERE name = ?1",
            params![name],
            |row| row.get(0),
        )
    }
}

impl AccountTableMut for Rows<'_> {
    fn ensure_account(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError> {
        self.ensure_entity(name, now)?;
        self.execute(
            "UPDATE entity SET is_personal = 1 WHERE name = ?1",
            params![name.as_str()],
        )?;
        self.execute(
            "INSERT INTO account (entity_id, created_at) SELECT id, ?2 FROM entity WHERE name = ?1
             ON CONFLICT DO NOTHING",
            params![name.as_str(), now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn insert_key(
        &mut self,
        account: &EntityName,
        hash: &KeyHash,
        prefix: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO api_key (hash, account_id, prefix, created_at)
             SELECT ?2, id, ?3, ?4 FROM entity WHERE name = ?1",
            params![account.as_str(), hash, prefix, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn delete_account(&mut self, name: &EntityName) -> Result<bool, StoreError> {
        let deleted = self.execute(
            "DELETE FROM account WHERE entity_id = (SELECT id FROM entity WHERE name = ?1)",
            params![name.as_str()],
        )?;
        Ok(0 < deleted)
    }

    fn insert_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO setting (name, value) VALUES (?1, ?2)",
            params![name, value],
        )?;
        Ok(())
    }
}

/// Selects what [`project`] reads, of projects `p` and their entities `e`.
macro_rules! select_projects {
    ($condition:literal) => {
        concat!(
            "SELECT p.id, e.name, p.name, p.description, p.created_at, p.updated_at
             FROM project p JOIN entity e ON e.id = p.entity_id WHERE ",
            $condition
        )
    };
}

fn project(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project {
        number: row.get(0)?,
        address: ProjectAddress {
            entity: values::text(row, 1)?,
            project: values::text(row, 2)?,
        },
        description: row.get(3)?,
        created_at: values::time(row, 4)?,
        updated_at: values::time(row, 5)?,
    })
}

impl ProjectTable for Rows<'_> {
    fn project(&self, address: &ProjectAddress) -> Result<Option<ProjectKey>, StoreError> {
        self.optional(
            "SELECT p.id FROM project p JOIN entity e ON e.id = p.entity_id WHERE e.name = ?1 AND p.name = ?2",
            params![address.entity.as_str(), address.project.as_str()],
            |row| row.get(0).map(ProjectKey),
        )
    }

    fn projects(
        &self,
        after: Option<&ProjectAddress>,
        limit: u32,
    ) -> Result<Vec<ProjectAddress>, StoreError> {
        // No name is empty, so the empty pair sorts before all.
        let (entity, project) = after.map_or(("", ""), |a| (a.entity.as_str(), a.project.as_str()));
        self.all(
            "SELECT e.name, p.name FROM entity e JOIN project p ON p.entity_id = e.id
             WHERE (e.name, p.name) > (?1, ?2) ORDER BY e.name, p.name LIMIT ?3",
            params![entity, project, limit],
            |row| {
                Ok(ProjectAddress {
                    entity: values::text(row, 0)?,
                    project: values::text(row, 1)?,
                })
            },
        )
    }

    fn project_record(&self, key: ProjectKey) -> Result<Project, StoreError> {
        self.one(select_projects!("p.id = ?1"), params![key.0], project)
    }

    fn projects_of(&self, entity: &EntityName) -> Result<Vec<Project>, StoreError> {
        self.all(
            select_projects!("e.name = ?1"),
            params![entity.as_str()],
            project,
        )
    }

    fn entity(&self, name: &EntityName) -> Result<Option<Entity>, StoreError> {
        self.optional(
            "SELECT id, is_personal, created_at FROM entity
             WHERE name = ?1 AND (EXISTS (SELECT 1 FROM account WHERE entity_id = entity.id)
                                  OR EXISTS (SELECT 1 FROM project WHERE entity_id = entity.id))",
            params![name.as_str()],
            |row| {
                Ok(Entity {
                    number: row.get(0)?,
                    name: name.clone(),
                    is_personal: row.get(1)?,
                    created_at: values::time(row, 2)?,
                })
            },
        )
    }
}

impl ProjectTableMut for Rows<'_> {
    fn ensure_project(
        &mut self,
        address: &ProjectAddress,
        now: Timestamp,
    ) -> Result<ProjectKey, StoreError> {
        if let Some(found) = self.project(address)? {
            return Ok(found);
        }
        self.ensure_entity(&address.entity, now)?;
        let key = self.insert(
            "INSERT INTO project (entity_id, name, created_at, updated_at)
             SELECT id, ?2, ?3, ?3 FROM entity WHERE name = ?1",
            params![
                address.entity.as_str(),
                address.project.as_str(),
                now.as_unix_millis()
            ],
        )?;
        Ok(ProjectKey(key))
    }

    fn ensure_entity(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO entity (name, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name.as_str(), now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn describe_project(&mut self, project: ProjectKey, text: &str) -> Result<(), StoreError> {
        self.execute(
            "UPDATE project SET description = ?2 WHERE id = ?1",
            params![project.0, text],
        )?;
        Ok(())
    }

    fn touch_project(&mut self, project: ProjectKey, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE project SET updated_at = max(updated_at, ?2) WHERE id = ?1",
            params![project.0, now.as_unix_millis()],
        )?;
        Ok(())
    }
}
