import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// A stream, as somebody uses it.
package struct StreamRoom: Sendable {
    /// The type of event that a member's power level must suffice for to push to a Matrix room's stream: the room's power levels say what it takes,
    /// in `events`, or else in `events_default`.
    package static let eventType = "org.martlet.stream"

    /// Somebody who uses a Matrix room's stream.
    struct Member: Sendable {
        let room: RoomID
        let requester: Requester
    }

    package let scope: Scope
    let member: Member?
    let streams: PublicStreams

    /// How often it is looked whether an access token is still valid.
    private static let tokenCheckMilliseconds: Int64 = 10_000

    /// Answers a request.
    ///
    /// - Parameter format: that of the request.
    /// - Returns: nil where there is nothing to say.
    package func answer(_ request: StreamRequest, _ format: StreamFormat) async throws -> StreamReply? {
        switch request {
        case .push: try await push([request], format)[0]
        case .get(_, nil): nil
        case .get(let key, let sequence?): .initial(key: key, try streams.streams.messages(of: key, after: sequence, in: scope))
        case .ping(let nonce): .pong(nonce: nonce)
        }
    }

    /// Carries out pushes, in one commit.
    ///
    /// - Parameters:
    ///   - requests: pushes; others are left out.
    /// - Returns: what there is to say about each: an error, or how many messages its key then has, if that is more than one.
    package func push(_ requests: [StreamRequest], _ format: StreamFormat) async throws -> [StreamReply?] {
        if let refusal = try refusalToPush() { return requests.map { _ in .error(refusal) } }
        let pushes = requests.compactMap { request -> StreamPush? in
            guard case .push(let action, let key, let value) = request else { return nil }
            let stored = value.map { StreamValue(format, $0, sender: member?.requester.userID).stored }
            return StreamPush(key: key, value: stored, action: action)
        }
        // Nothing but deleting makes room.
        if streams.streams.sizeBytes >= streams.settings.sizeMaxBytes, pushes.contains(where: { $0.isKept }) {
            return pushes.map { _ in .error("The server has no room for more in its streams") }
        }
        let outcomes: [Result<StreamPushOutcome, StreamError>]
        do {
            // A Matrix room's stream is there as soon as somebody uses it.
            let lifetime = member == nil ? nil : streams.settings.lifetimeMilliseconds
            outcomes = try await streams.streams.push(pushes, to: scope, lifetime: lifetime)
        } catch let error as StreamError {
            return pushes.map { _ in .error(error.description) }
        }
        return zip(pushes, outcomes).map { push, outcome in
            switch outcome {
            case .success(let outcome): outcome.size > 1 ? .size(key: push.key, outcome.size) : nil
            case .failure(let error): .error(error.description)
            }
        }
    }

    /// Has somebody told of all that happens from now on; see `Streams.subscribe`.
    package func subscribe(
        _ receive: @escaping @Sendable ([StreamNews]) -> Void, onEnd end: @escaping @Sendable () -> Void
    ) throws -> StreamSubscription {
        try streams.streams.subscribe(to: scope, receive, onEnd: end)
    }

    /// The keys that have messages.
    package func keys() throws -> [String] {
        try streams.streams.keys(in: scope)
    }

    /// Waits until the user may not listen any more, or the task is cancelled.
    ///
    /// - Returns: why not; nil when the task was cancelled.
    package func untilForbidden() async throws -> String? {
        guard let member else { return nil }
        let waiter = streams.notifier.register([.user(member.requester.userID)])
        while !Task.isCancelled {
            if let reason = try reasonToForbid(member) { return reason }
            await waiter.wait(atMost: Self.tokenCheckMilliseconds, on: streams.environment.clock)
        }
        return nil
    }

    /// - Throws: `M_FORBIDDEN` if the stream is a Matrix room's, and the requester not joined to it.
    func checkMembership() throws {
        guard let member else { return }
        guard try isJoined(member, streams.rooms.view()) else { throw Rooms.notInRoom }
    }

    private func isJoined(_ member: Member, _ view: RoomsView) throws -> Bool {
        guard let room = try view.shortID(of: member.room) else { return false }
        return try view.isJoined(member.requester.userID, to: room)
    }

    private func reasonToForbid(_ member: Member) throws -> String? {
        guard try isJoined(member, streams.rooms.view()) else { return "You are not in this room any more" }
        guard let owner = try streams.accounts.view().owner(ofTokenHash: member.requester.tokenHash),
            owner.expiresAt.map({ $0 > streams.environment.clock.now() }) ?? true
        else { return "The access token is not valid any more" }
        return owner.flags.contains(.locked) ? "This account has been locked" : nil
    }

    /// Why the user may not push; nil if nothing is against it.
    package func refusalToPush() throws -> String? {
        guard let member else { return nil }
        // A connection outlives changes of the account.
        if try streams.accounts.view().owner(ofTokenHash: member.requester.tokenHash)?.flags.contains(.suspended) ?? false {
            return "This can't be done while the account is suspended"
        }
        let view = streams.rooms.view()
        guard let room = try view.room(member.room), try view.isJoined(member.requester.userID, to: room.shortID) else {
            return "You are not in this room"
        }
        let event = try view.currentEvent(.powerLevels, in: room.shortID).map { try Event($0, in: room) }
        let levels = PowerLevels(event, create: room.create, version: room.version)
        let isAllowed = levels.user(member.requester.userID, canSend: Self.eventType, isState: false)
        return isAllowed ? nil : "Your power level doesn't suffice to send \(Self.eventType) in this room"
    }
}
