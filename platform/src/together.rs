//! Waiting for several things at once.

use futures_util::future::{MaybeDone, maybe_done};
use std::future::{Future, poll_fn};
use std::task::Poll;

/// What each of the futures comes to, in their order.
///
/// Whenever one of them goes on, all that are not done are asked. `join_all` asks that one alone,
/// with a queue of wakers which is four kilobytes of a Worker; here they are at most as many as a
/// request has events, and asking costs nothing beside what each of them waits for.
pub async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let each = futures.into_iter();
    let mut each: Vec<_> = each.map(|one| Box::pin(maybe_done(one))).collect();
    poll_fn(|context| {
        let mut is_done = true;
        for one in &mut each {
            if !matches!(**one, MaybeDone::Done(_)) {
                is_done &= one.as_mut().poll(context).is_ready();
            }
        }
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    let outputs = each.iter_mut().map(|one| one.as_mut().take_output());
    outputs.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::together;
    use futures_util::future::{FutureExt, ready};
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn all_are_waited_for_in_their_order() {
        let open = Cell::new(false);
        let n_asked = Cell::new(0);
        let futures = (0..3).map(|n| {
            let (open, n_asked) = (&open, &n_asked);
            poll_fn(move |_| {
                n_asked.set(n_asked.get() + 1);
                let is_ready = n != 1 || open.get();
                if is_ready {
                    Poll::Ready(n)
                } else {
                    Poll::Pending
                }
            })
        });
        let mut all = pin!(together(futures));
        let context = &mut Context::from_waker(Waker::noop());
        assert!(all.as_mut().poll_unpin(context).is_pending());
        open.set(true);
        assert_eq!(all.as_mut().poll_unpin(context), Poll::Ready(vec![0, 1, 2]));
        // Each once, and again the one that was not done.
        assert_eq!(n_asked.get(), 4);
        assert_eq!(together([ready(7)]).now_or_never(), Some(vec![7]));
        assert_eq!(
            together(Vec::<std::future::Ready<()>>::new()).now_or_never(),
            Some(vec![])
        );
    }
}
