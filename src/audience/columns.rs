//! The header row -> what each column is for.
//!
//! Exists because lists come out of other programs, each with its own words for the same things.
//! Must never guess: a header with no email column, or with two of one name, is refused.

use super::clean::{compose, without_accents};
use super::csv::Record;

/// Header words, with spaces and underscores gone, that are the same column in other words.
const KOREAN: [(&str, &str); 71] = [
    ("이메일", "email"),
    ("이메일주소", "email"),
    ("전자우편", "email"),
    ("메일", "email"),
    ("메일주소", "email"),
    ("이메일계정", "email"),
    ("회원이메일", "email"),
    ("メールアドレス", "email"),
    ("이름", "name"),
    ("성명", "name"),
    ("성", "last_name"),
    ("태그", "tags"),
    ("상태", "status"),
    ("구독상태", "status"),
    ("소속", "affiliation"),
    ("직함", "title"),
    ("전화", "phone"),
    ("전화번호", "phone"),
    // What Stibee and other Korean programs write beside the address. Each has a field of its own:
    // two columns of one field would be refused.
    ("그룹", "group"),
    ("그룹명", "group_name"),
    ("주소록", "list"),
    ("구독일", "subscribed_on"),
    ("구독일시", "subscribed_at"),
    ("구독신청일", "requested_on"),
    ("가입일", "joined_on"),
    ("가입일시", "joined_at"),
    ("등록일", "registered_on"),
    ("등록일시", "registered_at"),
    ("생성일", "created_on"),
    ("수정일", "changed_on"),
    ("회사", "company"),
    ("회사명", "company_name"),
    ("기관", "organization"),
    ("부서", "department"),
    ("직책", "position"),
    ("직급", "rank"),
    ("생일", "birthday"),
    ("휴대폰", "mobile"),
    ("휴대폰번호", "mobile_number"),
    ("지역", "region"),
    ("회원유형", "member_type"),
    ("유입경로", "source"),
    ("비고", "note"),
    // Numbers of rows, and words that are tags: see `role`.
    ("번호", "row_number"),
    ("순번", "row_sequence"),
    ("연번", "row_serial"),
    ("관심분야", "interest_areas"),
    ("관심사", "interests"),
    ("관심주제", "interest_topics"),
    ("회원번호", "member_number"),
    ("회원상태", "member_status"),
    ("회원구분", "member_group"),
    ("회원등급", "member_grade"),
    ("회원명", "member_name"),
    ("아이디", "user_id"),
    ("회원아이디", "member_id"),
    ("닉네임", "nickname"),
    ("성별", "gender"),
    ("생년월일", "birth_date"),
    ("나이", "age"),
    ("연령", "age_group"),
    ("직업", "occupation"),
    ("주소", "address"),
    ("우편번호", "postcode"),
    ("국가", "country"),
    ("도시", "city"),
    ("학교", "school"),
    ("전공", "major"),
    ("메모", "memo"),
    ("최근접속일", "last_seen_on"),
    ("최근로그인", "last_login_at"),
];

/// Other programs' names for the fields we write about.
const ALIASES: [(&str, &str); 9] = [
    ("given_name", "first_name"),
    ("forename", "first_name"),
    ("fname", "first_name"),
    ("firstname", "first_name"),
    ("family_name", "last_name"),
    ("surname", "last_name"),
    ("lname", "last_name"),
    ("lastname", "last_name"),
    ("full_name", "name"),
];

/// Names of the column that holds the address.
pub(super) const EMAIL: [&str; 6] =
    ["email", "e_mail", "email_address", "e_mail_address", "subscriber_email", "mail"];

/// Names that it has in other exports and by hand, where no column has one of those.
const EMAIL_TOO: [&str; 26] = [
    "member_email",
    "member_email_address",
    "primary_email",
    "primary_email_address",
    "contact_email",
    "user_email",
    "your_email",
    "your_email_address",
    "personal_email",
    "work_email",
    "home_email",
    "email_1",
    "email1",
    "email_id",
    "emailaddress",
    "mail_address",
    "mailadresse",
    "mail_adresse",
    "e_mail_adresse",
    "email_adresse",
    "adresse_e_mail",
    "adresse_email",
    "courriel",
    "correo_electronico",
    "indirizzo_email",
    "e_post",
];

/// Columns that the export of the store has, and no other list has all of.
const OWN_EXPORT: [&str; 6] =
    ["email", "status", "suppressed", "joined", "consent_how", "consent_at"];

/// Columns of `digest subscribers list --suppressed --csv`.
const OWN_SUPPRESSED: [&str; 5] = ["email", "reason", "why", "origin", "at"];

/// The most columns that a list may have.
pub(super) const MAX_COLUMNS: usize = 1024;

/// The program that wrote a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exporter {
    Plain,
    Mailchimp,
    Google,
    Listmonk,
    Mailtrain,
    Phplist,
    Substack,
    Ghost,
    /// `digest subscribers export`.
    Digest,
    /// `digest subscribers list --suppressed --csv`: all of these get no mail.
    Suppressed,
}

impl Exporter {
    pub(super) fn name(self) -> &'static str {
        match self {
            Exporter::Plain => "CSV",
            Exporter::Mailchimp => "Mailchimp",
            Exporter::Google => "Google Contacts",
            Exporter::Listmonk => "listmonk",
            Exporter::Mailtrain => "Mailtrain",
            Exporter::Phplist => "phpList",
            Exporter::Substack => "Substack",
            Exporter::Ghost => "Ghost",
            Exporter::Digest => "digest",
            Exporter::Suppressed => "digest, those who are suppressed",
        }
    }
}

/// What a column is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The address.
    Email,
    /// A list of tags.
    Tags,
    /// A JSON object of further fields.
    Attributes,
    /// A field. What it says of consent, `tally` knows.
    Field,
    /// The number of the row: it says nothing of the person.
    Number,
    /// A column without a name.
    Nameless,
}

/// A column: its name as a field and its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) role: Role,
}

/// The columns of a list.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) all: Vec<Column>,
    /// The number from 0 of the email column.
    pub(super) email: usize,
    pub(super) exporter: Exporter,
    /// Columns whose header has no ASCII name, by number from 0.
    pub(super) renamed: Vec<usize>,
}

/// Why a header is refused; columns by number from 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    NoEmail,
    Twice(usize, usize),
    TooMany,
}

/// Gives every column its role. Nameless columns at the end are not counted: a trailing delimiter
/// is no column.
pub(super) fn columns(header: &Record) -> Result<Columns, HeaderFault> {
    let mut names: Vec<Option<String>> = header.iter().map(|cell| field_name(cell.text)).collect();
    let blank = |index: usize| header.get(index).is_none_or(|cell| label(cell.text).is_empty());
    while names.len().checked_sub(1).is_some_and(blank) {
        names.pop();
    }
    if names.len() > MAX_COLUMNS {
        return Err(HeaderFault::TooMany);
    }
    let mut renamed = Vec::new();
    for (index, name) in names.iter_mut().enumerate() {
        if name.is_none() && !blank(index) {
            *name = Some(format!("column_{}", index + 1));
            renamed.push(index);
        }
    }
    let mut names: Vec<String> = names.into_iter().map(Option::unwrap_or_default).collect();
    if let Some((first, second)) = twice(&names, |name| !name.is_empty()) {
        return Err(HeaderFault::Twice(first, second));
    }
    let exporter = exporter(&names);
    // Its own export has the names of fields as they are.
    let own = names.iter().position(|name| exporter == Exporter::Digest && name == "email");
    let email = own.map_or_else(|| email_column(&names), Ok)?;
    if exporter != Exporter::Digest {
        rename_aliases(&mut names);
    }
    let roles: Vec<Role> = (0..names.len())
        .map(|index| if index == email { Role::Email } else { role(&names[index], exporter) })
        .collect();
    let all = names.into_iter().zip(roles).map(|(name, role)| Column { name, role }).collect();
    Ok(Columns { all, email, exporter, renamed })
}

/// A header cell as people should read it.
pub(super) fn label(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\u{200B}')
}

/// The lower snake_case ASCII name of a header cell, unless it has none.
pub(super) fn field_name(cell: &str) -> Option<String> {
    let whole = compose(label(cell));
    let flat: String =
        whole.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).collect();
    if let Some((_, name)) = KOREAN.iter().find(|(word, _)| *word == flat) {
        return Some((*name).to_owned());
    }
    let mut name = String::new();
    for c in without_accents(&whole).chars() {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            c if c.is_alphanumeric() => return None,
            _ if name.ends_with('_') || name.is_empty() => {}
            _ => name.push('_'),
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    Some(name).filter(|name| !name.is_empty())
}

/// The two first columns, among the `wanted`, that have one name.
fn twice(names: &[String], wanted: impl Fn(&str) -> bool) -> Option<(usize, usize)> {
    let mut seen = std::collections::HashMap::new();
    names.iter().enumerate().filter(|(_, name)| wanted(name)).find_map(|(index, name)| {
        let first = *seen.entry(name.as_str()).or_insert(index);
        (first != index).then_some((first, index))
    })
}

fn email_column(names: &[String]) -> Result<usize, HeaderFault> {
    let mut found = (0..names.len()).filter(|index| EMAIL.contains(&names[*index].as_str()));
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Err(HeaderFault::Twice(first, second)),
        (Some(only), None) => Ok(only),
        // Google numbers the addresses of a contact; the first is the one people use.
        (None, _) => {
            let google = names.iter().position(|name| name == "e_mail_1_value");
            google.or_else(|| only_other(names)).ok_or(HeaderFault::NoEmail)
        }
    }
}

/// The one column that is called by one of the less usual names. Of two, nobody knows which is meant.
fn only_other(names: &[String]) -> Option<usize> {
    let mut found = (0..names.len()).filter(|at| EMAIL_TOO.contains(&names[*at].as_str()));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn exporter(names: &[String]) -> Exporter {
    let has = |name: &str| names.iter().any(|known| known == name);
    if OWN_EXPORT.iter().all(|name| has(name)) {
        Exporter::Digest
    } else if names.len() == OWN_SUPPRESSED.len() && OWN_SUPPRESSED.iter().all(|name| has(name)) {
        Exporter::Suppressed
    } else if has("e_mail_1_value") {
        Exporter::Google
    } else if has("email_address") && (has("member_rating") || has("optin_time") || has("leid")) {
        Exporter::Mailchimp
    } else if has("attributes") && (has("uuid") || has("name")) {
        Exporter::Listmonk
    } else if has("active_subscription") || has("email_disabled") {
        Exporter::Substack
    } else if has("subscribed_to_emails") && has("labels") {
        Exporter::Ghost
    } else if has("blacklisted") && (has("bouncecount") || has("htmlemail")) {
        Exporter::Phplist
    } else if has("cid") && has("status") {
        Exporter::Mailtrain
    } else {
        Exporter::Plain
    }
}

/// Gives fields the names we write about, where a list does not use that name for something else.
fn rename_aliases(names: &mut [String]) {
    // 이름 is the whole name, unless 성 (the family name) stands in a column of its own.
    let family = names.iter().any(|name| name == "last_name" || name == "family_name");
    let given = names.iter().any(|name| name == "first_name" || name == "given_name");
    for index in 0..names.len() {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == names[index]);
        let better = match alias {
            Some((_, better)) => *better,
            None if names[index] == "name" && family && !given => "first_name",
            None => continue,
        };
        if !names.iter().any(|name| name == better) {
            names[index] = better.to_owned();
        }
    }
}

fn role(name: &str, exporter: Exporter) -> Role {
    match (name, exporter) {
        ("", _) => Role::Nameless,
        ("tags", _) => Role::Tags,
        ("labels", Exporter::Google | Exporter::Ghost) => Role::Tags,
        ("group_membership", Exporter::Google) => Role::Tags,
        // Its fields have the names that somebody gave them.
        (_, Exporter::Digest | Exporter::Suppressed) => Role::Field,
        ("interest_areas" | "interest_topics", _) => Role::Tags,
        ("row_number" | "row_sequence" | "row_serial", _) => Role::Number,
        ("attributes", Exporter::Listmonk) => Role::Attributes,
        _ => Role::Field,
    }
}

#[cfg(test)]
mod tests {
    use super::super::csv::split;
    use super::*;

    fn read(header: &str) -> Result<Columns, HeaderFault> {
        let mut record = Record::default();
        split(header, true, b',', 1, &mut record);
        columns(&record)
    }

    fn names(header: &str) -> Vec<String> {
        read(header).unwrap().all.into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn names_become_lower_snake_case() {
        for (cell, name) in [
            ("First Name", "first_name"),
            (" E-Mail ", "e_mail"),
            ("MEMBER_RATING", "member_rating"),
            ("Prénom", "prenom"),
            ("Size (cm)", "size_cm"),
            ("이메일 주소", "email"),
            ("E-mail 1 - Value", "e_mail_1_value"),
        ] {
            assert_eq!(field_name(cell).as_deref(), Some(name));
        }
        assert_eq!(field_name("좋아하는 꽃"), None);
        assert_eq!(field_name(" - "), None);
    }

    #[test]
    fn korean_headers_are_known() {
        assert_eq!(names("이메일,이름,태그"), ["email", "name", "tags"]);
        assert_eq!(names("성,이름,이메일"), ["last_name", "first_name", "email"]);
        assert_eq!(names("이메일,그룹,구독일"), ["email", "group", "subscribed_on"]);
        assert_eq!(names("이메일,좋아하는 꽃"), ["email", "column_2"]);
    }

    #[test]
    fn interests_are_tags_and_numbers_of_rows_are_nothing() {
        let roles = |header: &str| -> Vec<Role> {
            read(header).unwrap().all.into_iter().map(|column| column.role).collect()
        };
        let tags = [Role::Number, Role::Email, Role::Tags, Role::Tags];
        assert_eq!(roles("번호,이메일,태그,관심분야"), tags);
        let ghost = "id,email,subscribed_to_emails,labels";
        assert_eq!(roles(ghost)[3], Role::Tags);
        assert_eq!(roles("id,email,labels")[2], Role::Field);
        assert_eq!(roles("email,Number"), [Role::Email, Role::Field]);
        let own = "email,status,suppressed,row_number,joined,consent_how,consent_at";
        assert_eq!(roles(own)[3], Role::Field);
    }

    #[test]
    fn korean_headers_of_two_fields_are_two() {
        let is_twice = |name: &str| KOREAN.iter().filter(|(_, field)| *field == name).count() > 1;
        let shared: Vec<&str> =
            KOREAN.iter().map(|(_, field)| *field).filter(|f| is_twice(f)).collect();
        assert!(
            shared.iter().all(|f| ["email", "name", "status", "phone"].contains(f)),
            "{shared:?}"
        );
    }

    #[test]
    fn aliases_do_not_collide() {
        assert_eq!(names("email,Given Name,First Name"), ["email", "given_name", "first_name"]);
        assert_eq!(names("email,FNAME,LNAME"), ["email", "first_name", "last_name"]);
    }

    #[test]
    fn a_header_is_refused_with_its_columns() {
        assert_eq!(read("name,city").unwrap_err(), HeaderFault::NoEmail);
        assert_eq!(read("email,City,city").unwrap_err(), HeaderFault::Twice(1, 2));
        assert_eq!(read("E-mail,x,Email Address").unwrap_err(), HeaderFault::Twice(0, 2));
        assert_eq!(read("Work Email,Home Email").unwrap_err(), HeaderFault::NoEmail);
        assert_eq!(read("Group Email [Required],Member Email").unwrap().email, 1);
        assert_eq!(read("Work Email,Email").unwrap().email, 1);
        assert_eq!(read(&"a,".repeat(2000)).unwrap_err(), HeaderFault::TooMany);
    }

    #[test]
    fn nameless_columns_at_the_end_do_not_count() {
        assert_eq!(names("email,,city,,"), ["email", "", "city"]);
    }

    #[test]
    fn exporters_are_told_by_their_columns() {
        let exporter = |header| read(header).unwrap().exporter;
        assert_eq!(exporter("Email Address,First Name,MEMBER_RATING,TAGS"), Exporter::Mailchimp);
        assert_eq!(exporter("First Name,Labels,E-mail 1 - Value"), Exporter::Google);
        assert_eq!(exporter("uuid,email,name,attributes,status"), Exporter::Listmonk);
        assert_eq!(exporter("Email,Name,Type,active_subscription"), Exporter::Substack);
        assert_eq!(exporter("id,email,confirmed,blacklisted,bouncecount"), Exporter::Phplist);
        assert_eq!(exporter("cid,email,status,opt_in"), Exporter::Mailtrain);
        assert_eq!(exporter("id,email,subscribed_to_emails,labels"), Exporter::Ghost);
        assert_eq!(exporter("email,tags"), Exporter::Plain);
        let own = "email,status,suppressed,name,joined,consent_how,consent_at";
        assert_eq!(exporter(own), Exporter::Digest);
    }
}
