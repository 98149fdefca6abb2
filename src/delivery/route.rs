//! A relay and how hard it may be used; and how the connections of a run are shared out among
//! several.
//!
//! The one shape of a relay between `digest.toml` and a run. Must never open a connection.

use super::pace::Rate;
use crate::smtp::relay::Relay;

/// A relay, and how hard it may be used.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where to, and over how many connections.
    pub relay: Relay,
    /// How fast at most, across its connections; `None` is as fast as it takes messages.
    pub limit: Option<Rate>,
    /// Its share of the connections of a run, beside the shares of the others.
    pub weight: Option<u32>,
}

impl Route {
    /// To this relay, as hard as it allows.
    pub fn to(relay: Relay) -> Route {
        Route { relay, limit: None, weight: None }
    }
}

/// Shares out connections by weight: `wanted` in all, or as many as the relays have; no more than
/// there are messages, but one for each relay. Without weights each relay has its own.
pub fn share_connections(routes: &mut [Route], wanted: Option<u16>, messages: usize) {
    let own: Vec<usize> = routes.iter().map(|route| route.relay.connections()).collect();
    let wanted = wanted.map(usize::from);
    // More connections than messages would only say hello and goodbye.
    let all = wanted.unwrap_or_else(|| own.iter().sum()).min(messages).max(1);
    let weighted = routes.iter().any(|route| route.weight.is_some());
    let weights: Vec<f64> = routes
        .iter()
        .zip(&own)
        .map(|(route, own)| match route.weight {
            Some(weight) => f64::from(weight),
            None if weighted => 1.0,
            None => *own as f64,
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    for ((route, weight), own) in routes.iter_mut().zip(weights).zip(own) {
        let share = (all as f64 * weight / sum).round() as usize;
        let most = if wanted.is_some() { all } else { own };
        route.relay = route.relay.clone().with_connections(share.min(most).max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections of each relay: its own and its weight in, its share out.
    fn shared(relays: &[(usize, Option<u32>)], wanted: Option<u16>, messages: usize) -> Vec<usize> {
        let route = |(connections, weight): &(usize, Option<u32>)| {
            let relay = Relay::parse("smtp://127.0.0.1").unwrap().with_connections(*connections);
            Route { weight: *weight, ..Route::to(relay) }
        };
        let mut routes: Vec<Route> = relays.iter().map(route).collect();
        share_connections(&mut routes, wanted, messages);
        routes.iter().map(|route| route.relay.connections()).collect()
    }

    #[test]
    fn connections_are_shared_by_weight() {
        assert_eq!(shared(&[(4, None)], None, 1_000), [4]);
        assert_eq!(shared(&[(4, None)], None, 3), [3]);
        assert_eq!(shared(&[(4, None)], None, 0), [1]);
        assert_eq!(shared(&[(4, None)], Some(9), 1_000), [9]);
        assert_eq!(shared(&[(4, None), (8, None)], None, 1_000), [4, 8]);
        assert_eq!(shared(&[(4, None), (8, None)], Some(6), 1_000), [2, 4]);
        assert_eq!(shared(&[(4, Some(3)), (4, Some(1))], Some(8), 1_000), [6, 2]);
        // Without --connections a weight never takes more than a relay's own.
        assert_eq!(shared(&[(4, Some(3)), (4, None)], None, 1_000), [4, 2]);
        // Each relay has one at least.
        assert_eq!(shared(&[(4, Some(1_000)), (4, Some(1))], Some(2), 1_000), [2, 1]);
    }
}
