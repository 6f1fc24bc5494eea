import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Which threads users follow (MSC4306), and the list of them (MSC4308).
extension Rooms {
    /// Whether the user follows the thread, as the endpoint's answer.
    ///
    /// - Throws: `M_NOT_FOUND` when there is no such event that the user can see, or the user doesn't follow it.
    package func threadSubscription(to rootID: EventID, in roomID: RoomID, of requester: Requester) throws -> JSONObject {
        let root = try visibleEvent(rootID, in: roomID, for: requester)
        let subscription = try root.readable.view.threadSubscription(of: requester.userID, to: root.event.shortID, in: root.pduID.room)
        guard let subscription, subscription.state != .unsubscribed else {
            throw MatrixError(.notFound, "You are not subscribed to this thread")
        }
        return ["automatic": .bool(subscription.state == .automatic)]
    }

    /// Lets the user follow the thread.
    ///
    /// - Parameter causeID: the event of the thread because of which a client does it by itself; nil when the user wants it.
    /// - Throws: `M_NOT_FOUND` when there is no such event that the user can see; `IO.ELEMENT.MSC4306.M_NOT_IN_THREAD` when the cause is none of
    ///   the thread, `IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION` when the user has left the thread since it came.
    package func subscribe(to rootID: EventID, in roomID: RoomID, becauseOf causeID: EventID? = nil, by requester: Requester) async throws {
        let root = try visibleEvent(rootID, in: roomID, for: requester)
        let (thread, room) = (root.event.shortID, root.pduID.room)
        let cause = try causeID.map { try self.cause($0, in: root, roomID, for: requester) }
        try await commit { commit in
            let standing = try commit.view.threadSubscription(of: requester.userID, to: thread, in: room)
            guard let cause else {
                if standing?.state != .byHand {
                    try commit.setThreadSubscription(.byHand, of: requester.userID, to: thread, in: room)
                }
                return
            }
            switch standing?.state {
            case .byHand, .automatic: return
            case .unsubscribed:
                if let standing, cause.order <= PDUID.order(of: standing.position) {
                    throw MatrixError(.conflictingUnsubscription, "You have unsubscribed from the thread since this event", status: 409)
                }
            case nil: break
            }
            try commit.setThreadSubscription(.automatic, of: requester.userID, to: thread, in: room)
        }
    }

    /// The place of an event of the thread.
    private func cause(_ id: EventID, in root: VisibleEvent, _ roomID: RoomID, for requester: Requester) throws -> PDUID {
        let notInThread = MatrixError(.notInThread, "\(id) is not an event of this thread")
        let cause: VisibleEvent
        do {
            cause = try visibleEvent(id, in: roomID, for: requester)
        } catch let error as MatrixError where error.code == .notFound {
            throw notInThread
        }
        guard let relation = try Relation(cause.event.content()), relation.type == Relation.thread, relation.target == root.event.id else {
            throw notInThread
        }
        return cause.pduID
    }

    /// Lets the user follow the thread no longer.
    ///
    /// - Throws: `M_NOT_FOUND` when there is no such event that the user can see.
    package func unsubscribe(from rootID: EventID, in roomID: RoomID, by requester: Requester) async throws {
        let root = try visibleEvent(rootID, in: roomID, for: requester)
        let (thread, room) = (root.event.shortID, root.pduID.room)
        try await commit { commit in
            guard let standing = try commit.view.threadSubscription(of: requester.userID, to: thread, in: room),
                standing.state != .unsubscribed
            else { return }
            try commit.setThreadSubscription(.unsubscribed, of: requester.userID, to: thread, in: room)
        }
    }

    /// What the user has decided of threads, the latest first, as the endpoint's answer.
    ///
    /// - Parameters:
    ///   - from: the place from which to go back; nil for now.
    ///   - to: the place at which to stop; nil for the beginning.
    package func threadSubscriptions(
        of requester: Requester, from: PaginationToken?, to: PaginationToken?, limit: Int
    ) throws -> JSONObject {
        let snapshot = database.snapshot()
        let changes = try ThreadSubscriptionChanges(
            of: requester.userID, after: to?.position ?? .zero, upTo: min(from?.position ?? snapshot.position, snapshot.position),
            limit: limit, in: RoomsView(snapshot))
        var answer: JSONObject = ["subscribed": .object(changes.subscribed), "unsubscribed": .object(changes.unsubscribed)]
        if let rest = changes.rest { answer["end"] = .string(rest.description) }
        return answer
    }
}
