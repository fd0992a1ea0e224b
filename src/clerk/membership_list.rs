//! The memberships that a user holds, where the Backend API can list them: a list, or a page of one.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::presence::Presence;

/// The memberships that a user holds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub struct MembershipList<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> MembershipList<'a> {
    /// The list of a user of whom a record says it in two places.
    pub fn of_both(own: Option<Self>, in_raw: Option<Self>) -> Option<Self> {
        own.filter(|list| list.is_present()).or(in_raw)
    }

    /// Whether there is anything in it.
    pub fn is_present(self) -> bool {
        Presence::of(self.0.get()).present
    }

    /// The memberships, each as it stands there; none if it is neither a list nor a page.
    pub fn memberships(self) -> Vec<&'a RawValue> {
        #[derive(Deserialize)]
        struct Page<'a> {
            #[serde(borrow)]
            data: Vec<&'a RawValue>,
        }
        let json = self.0.get();
        let list = serde_json::from_str(json);
        list.or_else(|_| serde_json::from_str::<Page<'_>>(json).map(|page| page.data)).unwrap_or_default()
    }

    /// Whether these are all that the user has. A page says how many there are, and may hold fewer.
    pub fn is_whole(self) -> bool {
        #[derive(Deserialize)]
        struct Page {
            data: Vec<IgnoredAny>,
            #[serde(alias = "totalCount")]
            total_count: u64,
        }
        let json = self.0.get();
        let has_all = |page: Page| usize::try_from(page.total_count).is_ok_and(|total| total <= page.data.len());
        !self.is_present() || json.starts_with('[') || serde_json::from_str(json).is_ok_and(has_all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_whole_and_a_page_if_it_holds_as_many_as_it_says() {
        for (json, held, is_whole) in [
            ("[]", 0, true),
            ("[{}, 7]", 2, true),
            ("{}", 0, true),
            ("\"\"", 0, true),
            (r#"{"data":[{},{}],"total_count":2}"#, 2, true),
            (r#"{"totalCount":1,"data":[{}]}"#, 1, true),
            (r#"{"data":[],"total_count":0}"#, 0, true),
            (r#"{"data":[{}],"total_count":2}"#, 1, false),
            (r#"{"data":[],"total_count":2}"#, 0, false),
            (r#"{"data":[{}]}"#, 1, false),
            (r#"{"data":[{}],"total_count":null}"#, 1, false),
            (r#"{"items":[{}]}"#, 0, false),
            ("\"orgmem_1\"", 0, false),
            ("7", 0, false),
        ] {
            let list: MembershipList<'_> = serde_json::from_str(json).unwrap();
            assert_eq!((list.memberships().len(), list.is_whole()), (held, is_whole), "{json}");
        }
    }
}
