internal import CanonicalJSON

// Rule 10 of the authorization rules: m.room.power_levels.
extension Authorization {
    /// The single levels that nobody can move across their own.
    private static let singleLevels = ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"]

    /// A content of `m.room.power_levels` and the one that it is to replace.
    private struct LevelsChange {
        let old: JSONObject
        let new: JSONObject
        let form: PowerLevelForm
        /// The sender's power before the change.
        let own: PowerLevel

        /// A level that was added, changed or removed.
        typealias Level = (name: String, old: Int64?, new: Int64?)

        /// The single levels that differ.
        var single: [Level] { singleLevels.compactMap { level($0, old[$0], new[$0]) } }

        /// The entries of the object `list` that differ.
        func listed(_ list: String) -> [Level] {
            let old = old[list]?.objectValue ?? [:]
            let new = new[list]?.objectValue ?? [:]
            return old.compactMap { level($0.key, $0.value, new[$0.key]) }
                + new.compactMap { old[$0.key] == nil ? level($0.key, nil, $0.value) : nil }
        }

        /// Nil if both values are the same level, however it is written.
        private func level(_ name: String, _ old: JSONValue?, _ new: JSONValue?) -> Level? {
            let old = old?.powerLevel(form)
            let new = new?.powerLevel(form)
            return old == new ? nil : (name, old, new)
        }
    }

    /// Rule 10: `m.room.power_levels`.
    static func checkPowerLevels(_ event: Event, version: RoomVersion, in room: AuthorizationState) throws(AuthorizationError) {
        let new = event.powerLevelsContent
        let form = version.powerLevelForm
        if form == .integer { try checkLevelTypes(new) }
        try checkUsers(new, form)
        if version.creatorsArePrivileged { try checkCreatorsAreNotListed(new, create: room.create) }
        // 10.5
        guard let old = room.powerLevels.content else { return }
        let change = LevelsChange(old: old, new: new, form: form, own: room.powerLevels.level(of: event.sender))
        // 10.6
        for level in change.single { try checkNeitherIsAboveOwn(level, change) }
        // 10.7, 10.8
        for level in change.listed("events") { try checkNeitherIsAboveOwn(level, change) }
        if version.notificationLevelsProtected {
            for level in change.listed("notifications") { try checkNeitherIsAboveOwn(level, change) }
        }
        for level in change.listed("users") { try checkUserLevel(level, sender: event.sender, change) }
    }

    /// Rules 10.1 and 10.2, from room version 10 on: levels are integers.
    private static func checkLevelTypes(_ new: JSONObject) throws(AuthorizationError) {
        for name in singleLevels {
            if let level = new[name], level.powerLevel(.integer) == nil { throw .powerLevelNotInteger(name) }
        }
        for name in ["events", "notifications"] {
            guard let levels = new[name] else { continue }
            guard let levels = levels.objectValue, levels.allSatisfy({ $0.value.powerLevel(.integer) != nil }) else {
                throw .powerLevelNotInteger(name)
            }
        }
    }

    /// Rule 10.3: `users` has levels for user IDs.
    private static func checkUsers(_ new: JSONObject, _ form: PowerLevelForm) throws(AuthorizationError) {
        guard let users = new["users"] else { return }
        guard let users = users.objectValue else { throw .powerLevelNotInteger("users") }
        for (user, level) in users {
            guard UserID(user) != nil else { throw .powerLevelUserInvalid(user) }
            guard level.powerLevel(form) != nil else { throw .powerLevelNotInteger("users") }
        }
    }

    /// Rule 10.4, from room version 12 on: creators are not listed.
    private static func checkCreatorsAreNotListed(_ new: JSONObject, create: Event) throws(AuthorizationError) {
        guard let users = new["users"]?.objectValue else { return }
        for creator in [create.sender] + create.createContent.additionalCreators where users[creator.string] != nil {
            throw .creatorInPowerLevels(creator)
        }
    }

    /// Rules 10.6 to 10.8: neither the level that was nor the one that is to be is above the sender's own.
    private static func checkNeitherIsAboveOwn(_ level: LevelsChange.Level, _ change: LevelsChange) throws(AuthorizationError) {
        try check(level.old, isAtMost: change.own, name: level.name)
        try check(level.new, isAtMost: change.own, name: level.name)
    }

    private static func checkUserLevel(
        _ level: LevelsChange.Level, sender: UserID, _ change: LevelsChange
    ) throws(AuthorizationError) {
        // 10.9
        if !UTF8Bytes.equal(level.name, sender.string), let old = level.old, .level(old) >= change.own {
            throw .powerLevelOfEqualUser(level.name)
        }
        // 10.10
        try check(level.new, isAtMost: change.own, name: level.name)
    }

    private static func check(_ level: Int64?, isAtMost own: PowerLevel, name: String) throws(AuthorizationError) {
        guard let level, .level(level) > own else { return }
        throw .powerLevelAboveOwn(name, level: level, own: own)
    }
}
