//! The words of the letters to a single reader in French.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "fr",
    confirm: LetterSentences {
        subject: "Confirmez votre abonnement à {{ newsletter }}",
        title: "Confirmez votre abonnement",
        text: "Quelqu’un, sans doute vous, a demandé que {{ newsletter }} soit envoyé à {{ email }}. L’abonnement commence quand vous le confirmez sur la page de ce lien :",
    },
    confirm_button: "Confirmer l’abonnement",
    confirm_end: "Le lien est valable sept jours. Si ce n’était pas vous, ne faites rien : vous ne recevrez pas d’autre message.",
    already: LetterSentences {
        subject: "Vous êtes déjà abonné à {{ newsletter }}",
        title: "Vous êtes déjà abonné",
        text: "Quelqu’un, sans doute vous, a demandé que {{ newsletter }} soit envoyé à {{ email }}. Il y est déjà envoyé, et rien n’a changé. Si ce n’était pas vous, ne faites rien.",
    },
    welcome: LetterSentences {
        subject: "Bienvenue à {{ newsletter }}",
        title: "Bienvenue",
        text: "{{ newsletter }} sera envoyé à {{ email }} à partir du prochain numéro. Chaque message se termine par un lien de désabonnement.",
    },
    latest: "Lire le dernier numéro",
    link: LetterSentences {
        subject: "Votre lien pour {{ newsletter }}",
        title: "Votre lien",
        text: "Quelqu’un, sans doute vous, a demandé un lien vers ce qui est conservé au sujet de {{ email }}. Il mène à une page où vous pouvez changer d’adresse, tout télécharger ou tout faire effacer :",
    },
    link_button: "Ouvrir la page",
    link_end: "Le lien est valable une heure. Si ce n’était pas vous, ne faites rien.",
    address: LetterSentences {
        subject: "Confirmez votre nouvelle adresse pour {{ newsletter }}",
        title: "Confirmez votre nouvelle adresse",
        text: "Quelqu’un, sans doute vous, a demandé que {{ newsletter }} soit désormais envoyé à {{ email }}, et non plus à l’adresse précédente. L’adresse change quand vous le confirmez sur la page de ce lien :",
    },
    address_button: "Confirmer l’adresse",
    moved: LetterSentences {
        subject: "{{ newsletter }} est maintenant envoyé à une autre adresse",
        title: "Votre adresse a été changée",
        text: "Désormais, {{ newsletter }} est envoyé à une autre adresse, et non plus à {{ email }} : cela a été demandé par un lien envoyé à {{ email }}, et la nouvelle adresse l’a confirmé. Si ce n’était pas vous, revenez en arrière sur la page de ce lien :",
    },
    moved_button: "Revenir en arrière",
    moved_end: "Le lien est valable sept jours. Vous pouvez aussi répondre à ce message.",
};
