//! The words of the letters to a single reader in German.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "de",
    confirm: LetterSentences {
        subject: "Bitte bestätigen Sie: {{ newsletter }} abonnieren",
        title: "Bitte bestätigen Sie das Abonnement",
        text: "Jemand, wahrscheinlich Sie, hat {{ newsletter }} für {{ email }} bestellt. Es beginnt, wenn Sie es auf der Seite hinter diesem Link bestätigen:",
    },
    confirm_button: "Abonnement bestätigen",
    confirm_end: "Der Link gilt sieben Tage. Wenn Sie es nicht waren, tun Sie nichts: Sie bekommen keine weitere Nachricht.",
    already: LetterSentences {
        subject: "Sie haben {{ newsletter }} schon abonniert",
        title: "Sie haben schon abonniert",
        text: "Jemand, wahrscheinlich Sie, hat {{ newsletter }} für {{ email }} bestellt. Diese Adresse bekommt es schon, und nichts hat sich geändert. Wenn Sie es nicht waren, tun Sie nichts.",
    },
    welcome: LetterSentences {
        subject: "Willkommen bei {{ newsletter }}",
        title: "Willkommen",
        text: "{{ newsletter }} kommt ab der nächsten Ausgabe an {{ email }}. Am Ende jeder Nachricht steht ein Link zum Abbestellen.",
    },
    latest: "Die letzte Ausgabe lesen",
    link: LetterSentences {
        subject: "Ihr Link für {{ newsletter }}",
        title: "Ihr Link",
        text: "Jemand, vermutlich Sie, hat einen Link zu dem angefordert, was über {{ email }} gespeichert ist. Er führt zu einer Seite, auf der Sie Ihre Adresse ändern, alles herunterladen oder löschen lassen können:",
    },
    link_button: "Seite öffnen",
    link_end: "Der Link gilt eine Stunde. Wenn Sie es nicht waren, müssen Sie nichts tun.",
    address: LetterSentences {
        subject: "Bitte bestätigen Sie Ihre neue Adresse für {{ newsletter }}",
        title: "Bitte bestätigen Sie Ihre neue Adresse",
        text: "Jemand, wahrscheinlich Sie, möchte {{ newsletter }} ab jetzt an {{ email }} bekommen und nicht mehr an die bisherige Adresse. Die Adresse ändert sich, wenn Sie es auf der Seite hinter diesem Link bestätigen:",
    },
    address_button: "Adresse bestätigen",
    moved: LetterSentences {
        subject: "{{ newsletter }} geht jetzt an eine andere Adresse",
        title: "Ihre Adresse wurde geändert",
        text: "{{ newsletter }} geht ab jetzt an eine andere Adresse und nicht mehr an {{ email }}: Das wurde über einen Link verlangt, den wir an {{ email }} geschickt haben, und die neue Adresse hat es bestätigt. Wenn Sie es nicht waren, machen Sie es auf der Seite hinter diesem Link rückgängig:",
    },
    moved_button: "Rückgängig machen",
    moved_end: "Der Link gilt sieben Tage. Sie können auch auf diese Nachricht antworten.",
};
