import Synchronization

/// A scope that somebody is subscribed to, or that has numbers in reserve for relays.
///
/// Invariants:
/// - Subscribers are called under the lock; so all get the same news in the same order, which is that of the messages' numbers.
/// - A number is given out within a commit, in the order of commits; or under the lock to a relay, while no commit's number waits for being
///   published. So a relay never overtakes.
/// - Numbers that relays get are reserved on the disk.
final class LiveStream: Sendable {
    private struct State {
        /// The last number that was given out; nil until a commit has told.
        var last: UInt64?
        /// The last number that is reserved on the disk.
        var reserved: UInt64 = 0
        /// The last number that was given out in a commit.
        var lastCommitted: UInt64 = 0
        /// The last number of a commit that was published.
        var lastPublished: UInt64 = 0
        /// The newest kept message that was published before the first subscriber came, or was sent to the subscribers since; nil while the first
        /// one is on the way.
        var lastKept: UInt64?
        /// The newest kept message that was published while the first subscriber was on the way.
        var lastMissed: UInt64 = 0
        var subscribers: [UInt64: StreamSubscriber] = [:]
        var lastSubscriberID: UInt64 = 0
        var hasEnded = false

        func tell(_ news: [StreamNews]) {
            for (_, subscriber) in subscribers where !subscriber.hasLeft { subscriber.receive(news) }
        }
    }

    private let state = Mutex(State())

    /// - Parameter lastKept: the scope's newest kept message that was published after the stream was made.
    /// - Returns: the subscriber's number; nil when the stream has ended in between.
    func add(_ subscriber: StreamSubscriber, lastKept: UInt64) -> UInt64? {
        state.withLock { state in
            guard !state.hasEnded else { return nil }
            if state.lastKept == nil { state.lastKept = max(lastKept, state.lastMissed) }
            state.lastSubscriberID += 1
            state.subscribers[state.lastSubscriberID] = subscriber
            return state.lastSubscriberID
        }
    }

    /// - Returns: whether nobody is left.
    func remove(_ id: UInt64) -> Bool {
        state.withLock { state in
            state.subscribers[id] = nil
            return state.subscribers.isEmpty
        }
    }

    var isSubscribed: Bool { state.withLock { !$0.subscribers.isEmpty } }

    // MARK: - Numbers

    /// The last number that was given out, where a commit sees `reserved` as the last one that is not free.
    func lastNumber(reserved: UInt64) -> UInt64 {
        state.withLock { state in
            if let last = state.last { return last }
            (state.last, state.reserved) = (reserved, reserved)
            return reserved
        }
    }

    /// Gives out the next number, within a commit that has asked for the last one.
    func takeNumber() -> UInt64 {
        state.withLock { state in
            let number = (state.last ?? 0) + 1
            (state.last, state.lastCommitted) = (number, number)
            return number
        }
    }

    /// Ends the stream if nobody is subscribed.
    ///
    /// - Returns: whether it did.
    func endIfUnused() -> Bool {
        state.withLock { state in
            state.hasEnded = state.hasEnded || state.subscribers.isEmpty
            return state.hasEnded
        }
    }

    /// Ends the stream, and the subscriptions with it.
    ///
    /// - Returns: the last number that was given out; nil if none was.
    @discardableResult
    func end() -> UInt64? {
        let (subscribers, last) = state.withLock { state in
            state.hasEnded = true
            defer { state.subscribers = [:] }
            return (state.subscribers, state.last)
        }
        for (_, subscriber) in subscribers { subscriber.end() }
        return last
    }

    // MARK: - News

    /// Sends relays at once, if there are numbers in reserve and nothing that was given out before is to be published.
    ///
    /// - Returns: the numbers; nil if they have to be sent by a commit.
    func relay(_ pushes: [StreamPush]) -> [UInt64]? {
        state.withLock { state in
            guard !state.hasEnded, let last = state.last, state.lastPublished == state.lastCommitted,
                last + UInt64(pushes.count) <= state.reserved
            else { return nil }
            state.last = last + UInt64(pushes.count)
            let numbers = pushes.indices.map { last + 1 + UInt64($0) }
            state.tell(
                zip(pushes, numbers).map { push, number in
                    StreamNews(key: push.key, message: StreamMessage(sequence: number, value: push.value ?? []), isKept: false)
                })
            return numbers
        }
    }

    /// Tells the subscribers what a commit has brought, when it is published.
    ///
    /// - Parameters:
    ///   - number: the last number that the commit gave out; nil if it gave out none.
    ///   - reserved: the last number that is reserved with it.
    func publish(_ news: [StreamNews], number: UInt64?, reserved: UInt64) {
        state.withLock { state in
            if let number { state.lastPublished = number }
            if state.last != nil { state.reserved = max(state.reserved, reserved) }
            guard let lastKept = state.lastKept else {
                state.lastMissed = news.reduce(state.lastMissed) { max($0, $1.isKept ? $1.message?.sequence ?? 0 : 0) }
                return
            }
            // What was on the disk before the first subscriber came is nothing new.
            let new = news.filter { !$0.isKept || $0.message.map { $0.sequence > lastKept } ?? true }
            if let kept = new.last(where: { $0.isKept && $0.message != nil })?.message { state.lastKept = kept.sequence }
            if !new.isEmpty { state.tell(new) }
        }
    }

    /// Runs `body` between two broadcasts, if what was read has all kept messages that were broadcast and, unless told otherwise, none that
    /// wasn't.
    ///
    /// - Parameters:
    ///   - lastKept: the newest kept message of what was read.
    ///   - accepting: whether newer messages do no harm.
    ///   - body: is given the newest kept message that was broadcast; it must be quick.
    /// - Returns: whether it ran.
    func between(lastKept: UInt64, accepting newer: Bool, _ body: (UInt64) -> Void) -> Bool {
        state.withLock { state in
            guard let end = state.lastKept, newer ? end <= lastKept : end == lastKept else { return false }
            body(end)
            return true
        }
    }
}

/// Somebody who is told of a scope's news.
final class StreamSubscriber: Sendable {
    let receive: @Sendable ([StreamNews]) -> Void
    let end: @Sendable () -> Void
    private let left = Atomic(false)

    init(receive: @escaping @Sendable ([StreamNews]) -> Void, end: @escaping @Sendable () -> Void) {
        self.receive = receive
        self.end = end
    }

    /// Whether it wants to hear nothing more, though it may still be counted.
    var hasLeft: Bool { left.load(ordering: .relaxed) }

    func leave() {
        left.store(true, ordering: .relaxed)
    }
}
