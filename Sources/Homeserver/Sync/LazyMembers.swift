import MatrixProtocol
import RoomsDatabase
import Store
import Synchronization

/// Which members clients have been told of that load them lazily, so that they needn't be told of them with every event
/// ("Lazy-loading room members").
///
/// - What an answer has told counts when the client comes back with the answer's token: it may have got lost.
/// - Who comes with an older token than the last time, as after a crash, knows nothing of what was told since.
/// - It is only in memory, and only so much: of whom nothing is known here the client is told again.
final class LazyMembers: Sendable {
    private let devices = Mutex<[Device: Told]>([:])

    /// So many devices are remembered at a time, and so many members for each.
    private static let devicesMax = 500
    private static let membersMax = 500
    /// So many answers of which a client has not said yet whether it has them.
    private static let answersMax = 4

    private struct Device: Hashable {
        let user: UserID
        let device: String
    }

    /// A member's place in the states of a room.
    struct Member: Hashable {
        let room: ShortRoomID
        let key: ShortStateKey
    }

    private struct Told {
        /// The member event that the client has for each, and up to which position the answer went that has told it.
        var members: [Member: (event: ShortEventID, position: Position)] = [:]
        var newest = Position(0)
        var answers: [(token: SyncToken, members: [Member: ShortEventID])] = []

        /// The client comes with a token.
        mutating func confirm(_ token: SyncToken) {
            let position = token.rooms.position
            if newest > position {
                members = members.filter { $0.value.position <= position }
            }
            if let answer = answers.last(where: { $0.token == token }) {
                if members.count + answer.members.count > LazyMembers.membersMax { members = [:] }
                for (member, event) in answer.members { members[member] = (event, position) }
            }
            newest = position
            answers.removeAll { $0.token.rooms.position <= position }
        }
    }

    /// The members that an answer needn't have, as the client has come with `since`.
    func known(to requester: Requester, since: SyncToken?) -> [Member: ShortEventID] {
        guard let device = requester.deviceID.map({ Device(user: requester.userID, device: $0) }) else { return [:] }
        return devices.withLock { devices in
            guard let since else {
                devices[device] = nil
                return [:]
            }
            guard devices[device] != nil else { return [:] }
            devices[device]?.confirm(since)
            return devices[device]?.members.mapValues(\.event) ?? [:]
        }
    }

    /// Notes what an answer tells, which ends at `token`.
    func note(_ members: [Member: ShortEventID], toldTo requester: Requester, upTo token: SyncToken) {
        guard !members.isEmpty, members.count <= Self.membersMax, let deviceID = requester.deviceID else { return }
        let device = Device(user: requester.userID, device: deviceID)
        devices.withLock { devices in
            if devices[device] == nil, devices.count >= Self.devicesMax { devices.removeAll() }
            var told = devices[device] ?? Told()
            if told.answers.count >= Self.answersMax { told.answers.removeFirst() }
            told.answers.append((token, members))
            devices[device] = told
        }
    }
}

/// The members that one answer tells of, and those that it needn't.
final class ToldMembers: Sendable {
    /// What the client knows.
    private let known: [LazyMembers.Member: ShortEventID]
    private let toldMembers = Mutex<[LazyMembers.Member: ShortEventID]>([:])

    init(known: [LazyMembers.Member: ShortEventID]) {
        self.known = known
    }

    /// What has been told.
    var told: [LazyMembers.Member: ShortEventID] { toldMembers.withLock { $0 } }

    func isKnown(_ member: LazyMembers.Member, by event: ShortEventID) -> Bool { known[member] == event }

    func note(_ member: LazyMembers.Member, _ event: ShortEventID) {
        toldMembers.withLock { $0[member] = event }
    }
}
