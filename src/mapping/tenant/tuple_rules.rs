//! The form of role tuples. The documentation has two: that of the API, which is the default, and that of the guide for Clerk.

/// The form of a role tuple: `namespace:object#relation@subject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TupleRules {
    /// The namespace.
    pub namespace: String,
    /// The relation; `{role}` stands for the role.
    pub relation: String,
    /// The subject; `{user}` stands for the target's id of the user.
    pub subject: String,
    /// Whether nobody said another form.
    pub is_usual: bool,
    /// Whether a role is granted to a member at the target, in the target's own organization. Where there are neither, it is granted
    /// to a user there, in the organization with Clerk's id.
    pub by_membership: bool,
}

impl Default for TupleRules {
    /// As the API's pages have it: `organizations:org_…#admin@identities:usr_…`.
    fn default() -> Self {
        Self {
            namespace: "organizations".to_owned(),
            relation: ROLE.to_owned(),
            subject: format!("identities:{USER}"),
            is_usual: true,
            by_membership: true,
        }
    }
}

/// What stands for the role.
const ROLE: &str = "{role}";

/// What stands for the user.
const USER: &str = "{user}";

impl TupleRules {
    /// As the guide for Clerk has it: `orgs:org_…#admin@usr_…`.
    pub fn of_guide() -> Self {
        Self {
            namespace: "orgs".to_owned(),
            relation: ROLE.to_owned(),
            subject: USER.to_owned(),
            is_usual: false,
            by_membership: true,
        }
    }

    /// The rules for a Keto beside a target without organizations: as the guide has it, unless somebody said another form.
    #[must_use]
    pub fn for_keto(&self) -> Self {
        let said = if self.is_usual { Self::of_guide() } else { self.clone() };
        Self { by_membership: false, ..said }
    }

    /// The relation for a role.
    pub fn relation(&self, role: &str) -> String {
        self.relation.replace(ROLE, role)
    }

    /// The subject for a user.
    pub fn subject(&self, user: &str) -> String {
        self.subject.replace(USER, user)
    }

    /// The text of the tuple by which a user has a role in an organization: `namespace:object#relation@subject`.
    pub fn text(&self, organization: &str, role: &str, user: &str) -> String {
        format!("{}:{organization}#{}@{}", self.namespace, self.relation(role), self.subject(user))
    }

    /// What is wrong with it: with one relation or one subject for everybody, roles would go to the wrong users.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if !self.relation.contains(ROLE) {
            Some("`relation` needs {role}: without it every member would have the same role")
        } else if !self.subject.contains(USER) {
            Some("`subject` needs {user}: without it every role would go to the same user")
        } else {
            None
        }
    }
}
