//! The words of the site in French.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "fr",
    reader: "lecteur",
    your_address: "votre adresse",
    skip: "Aller au texte",
    all_issues: "Tous les numéros",
    previous: "Numéro précédent",
    next: "Numéro suivant",
    search: "Recherche",
    search_label: "Chercher dans tous les numéros",
    found: "Articles trouvés : {count}",
    newest: "Derniers articles",
    feed: "Flux",
    no_issue: "Aucun numéro n’a encore paru.",
    subscribe: "S’abonner à {name}",
    leave_title: "Se désabonner de {name}",
    leave_text: "Cette page ne peut pas savoir qui vous êtes. Utilisez le lien à la fin d’un de nos messages, ou écrivez à {contact}.",
    missing_title: "Cette page n’existe pas",
    missing_text: "L’adresse est peut-être mal écrite, ou la page a changé de place. Voici où continuer :",
    corrected: "Corrigé le {date} : {note}",
    removed: "Cet article a été retiré du numéro après l’envoi.",
    erratum: "Rectificatif : {subject}",
    erratum_title: "Un rectificatif",
    corrected_text: "Le texte corrigé :",
};
