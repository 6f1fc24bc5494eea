import MatrixProtocol
import Synchronization
import TransitoryDatabase

/// What is known of the devices of users who are there, and what it makes of the users' presence.
///
/// Who has no device here is offline. All moments are milliseconds since 1970.
final class DevicePresences: Sendable {
    /// A device that doesn't sync is there for so long after it has, in milliseconds, as in Synapse.
    static let syncTimeoutMilliseconds: Int64 = 30_000
    /// After so long without activity a device is idle, in milliseconds, as in Synapse.
    static let idleTimeoutMilliseconds: Int64 = 5 * 60_000
    /// For so long after an activity a user is currently active, in milliseconds, as in Synapse.
    static let activityMilliseconds: Int64 = 60_000

    private let users = Mutex<[UserID: User]>([:])

    /// What is known of a user who is there.
    private struct User {
        var devices: [String: Device] = [:]
        var lastActive: Int64 = 0
        /// What others were told last of the state and whether the user is active; nil when that isn't known.
        var told: Told?

        func presence(at now: Int64) -> UserPresence {
            let states = devices.values.map { $0.state(at: now) }
            if states.contains(.online) {
                let isActive = now < lastActive + DevicePresences.activityMilliseconds
                return UserPresence(state: .online, lastActive: lastActive, isCurrentlyActive: isActive)
            }
            return UserPresence(state: states.contains(.unavailable) ? .unavailable : .offline, lastActive: lastActive)
        }

        /// The first moment after `now` at which the presence may be another one.
        func nextChange(after now: Int64) -> Int64? {
            (devices.values.flatMap(\.changes) + [lastActive + DevicePresences.activityMilliseconds]).filter { $0 > now }.min()
        }
    }

    private struct Told: Equatable {
        let state: UserPresence.State
        let isCurrentlyActive: Bool

        init(_ presence: UserPresence) {
            state = presence.state
            isCurrentlyActive = presence.isCurrentlyActive
        }
    }

    private struct Device {
        var state: UserPresence.State
        var lastActive: Int64
        /// When a sync has begun or ended the last time.
        var lastSeen: Int64
        /// How many syncs go on.
        var syncs = 0

        private var gone: Int64 { max(lastSeen, lastActive) + DevicePresences.syncTimeoutMilliseconds }
        private var idle: Int64 { lastActive + DevicePresences.idleTimeoutMilliseconds }

        func state(at now: Int64) -> UserPresence.State {
            if syncs == 0, now >= gone { return .offline }
            return state == .online && now >= idle ? .unavailable : state
        }

        /// The moments at which the state changes if nothing happens.
        var changes: [Int64] { (syncs == 0 ? [gone] : []) + (state == .online ? [idle] : []) }
    }

    // MARK: - What happens

    /// The user sets the presence by hand.
    func set(_ state: UserPresence.State, of requester: Requester, at now: Int64) {
        change(requester) { user, device in
            user.lastActive = now
            if state == .offline {
                device = nil
            } else {
                device = Device(state: state, lastActive: now, lastSeen: now, syncs: device?.syncs ?? 0)
            }
        }
    }

    /// The user does something. Who doesn't want to be seen stays so.
    func noteActivity(of requester: Requester, at now: Int64) {
        change(requester) { user, device in
            user.lastActive = now
            device?.lastActive = now
            device?.state = .online
        }
    }

    /// A sync begins, by which the device is online or idle.
    func beginSync(of requester: Requester, as state: UserPresence.State, at now: Int64) {
        change(requester) { user, device in
            var seen = device ?? Device(state: state, lastActive: 0, lastSeen: now)
            seen.state = state
            seen.lastSeen = now
            seen.syncs += 1
            if state == .online {
                seen.lastActive = now
                user.lastActive = now
            }
            device = seen
        }
    }

    /// A sync ends.
    func endSync(of requester: Requester, at now: Int64) {
        change(requester) { _, device in
            guard let syncs = device?.syncs, syncs > 0 else { return }
            device?.syncs = syncs - 1
            device?.lastSeen = now
        }
    }

    /// Takes a user up who was there when the server stopped.
    func resume(_ user: UserID, _ presence: UserPresence, at now: Int64) {
        users.withLock { users in
            var resumed = User(lastActive: presence.lastActive, told: Told(presence))
            resumed.devices[""] = Device(state: presence.state, lastActive: presence.lastActive, lastSeen: now)
            users[user] = resumed
        }
    }

    private func change(_ requester: Requester, _ body: (inout User, inout Device?) -> Void) {
        users.withLock { users in
            let deviceID = requester.deviceID ?? ""
            var user = users[requester.userID] ?? User()
            var device = user.devices[deviceID]
            body(&user, &device)
            user.devices[deviceID] = device
            users[requester.userID] = user
        }
    }

    // MARK: - What it makes of users

    /// A user's presence, without a status message; nil for one of whom nothing is known here.
    func presence(of user: UserID, at now: Int64) -> UserPresence? {
        users.withLock { $0[user]?.presence(at: now) }
    }

    /// Those who are not offline.
    func presentUsers(at now: Int64) -> [UserID] {
        users.withLock { users in users.filter { $0.value.presence(at: now).state != .offline }.map(\.key) }
    }

    /// The first moment at which a user's presence may be another one.
    func nextChange(of user: UserID, after now: Int64) -> Int64? {
        users.withLock { $0[user]?.nextChange(after: now) }
    }

    /// The first moment at which somebody's presence may be another one.
    func nextChange(after now: Int64) -> Int64? {
        users.withLock { $0.values.compactMap { $0.nextChange(after: now) }.min() }
    }

    /// Forgets the devices that are gone, and the users who have none and of whom others know that.
    func forgetGone(at now: Int64) {
        users.withLock { users in
            for (id, user) in users {
                let devices = user.devices.filter { $0.value.state(at: now) != .offline }
                if devices.isEmpty, user.told == Told(.offline) {
                    users[id] = nil
                } else if devices.count < user.devices.count {
                    users[id]?.devices = devices
                }
            }
        }
    }

    // MARK: - What others know

    /// Whether others have to be told of a user's presence.
    func isUntold(_ user: UserID, at now: Int64) -> Bool {
        users.withLock { users in users[user].map { $0.told != Told($0.presence(at: now)) } ?? false }
    }

    /// The users of whose presence others have to be told.
    func untold(at now: Int64) -> [UserID] {
        users.withLock { users in users.filter { $0.value.told != Told($0.value.presence(at: now)) }.keys.sorted() }
    }

    /// A user's presence, of which others are told now.
    func tell(_ user: UserID, at now: Int64) -> UserPresence? {
        users.withLock { users in
            guard let presence = users[user]?.presence(at: now) else { return nil }
            users[user]?.told = Told(presence)
            return presence
        }
    }

    /// Notes that others have perhaps not been told of users.
    func noteUntold(_ some: [UserID]) {
        users.withLock { users in
            for user in some { users[user]?.told = nil }
        }
    }
}
