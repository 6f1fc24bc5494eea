internal import CanonicalJSON

// Rule 10 of the authorization rules: m.room.power_levels.
extension Authorization {
    /// The single levels that nobody can move across their own.
    private static let protectedLevels = ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"]

    /// Rule 10: `m.room.power_levels`.
    static func checkPowerLevels(_ event: Event, version: RoomVersion, in room: AuthorizationState) throws(AuthorizationError) {
        let new = event.content
        if version.integerPowerLevels { try checkLevelTypes(new) }
        try checkUsers(new)
        if version.creatorsArePrivileged { try checkCreatorsAreNotListed(new, create: room.create) }
        // 10.5
        guard let old = room.powerLevelsEvent?.powerLevelsContent else { return }
        let own = room.powerLevels.level(of: event.sender)
        try checkSingleLevels(old: old, new: new, own: own)
        try checkListedLevels("events", old: old, new: new, own: own)
        if version.notificationLevelsProtected { try checkListedLevels("notifications", old: old, new: new, own: own) }
        try checkUserLevels(old: old, new: new, sender: event.sender, own: own)
    }

    /// Rules 10.1 and 10.2: levels are integers.
    private static func checkLevelTypes(_ new: JSONObject) throws(AuthorizationError) {
        for name in protectedLevels {
            if let level = new[name], level.integerValue == nil { throw .powerLevelNotInteger(name) }
        }
        for name in ["events", "notifications"] {
            guard let levels = new[name] else { continue }
            guard let levels = levels.objectValue, levels.allSatisfy({ $0.value.integerValue != nil }) else {
                throw .powerLevelNotInteger(name)
            }
        }
    }

    /// Rule 10.3: `users` has integers for user IDs.
    private static func checkUsers(_ new: JSONObject) throws(AuthorizationError) {
        guard let users = new["users"] else { return }
        guard let users = users.objectValue else { throw .powerLevelNotInteger("users") }
        for (user, level) in users {
            guard UserID(user) != nil else { throw .powerLevelUserInvalid(user) }
            guard level.integerValue != nil else { throw .powerLevelNotInteger("users") }
        }
    }

    /// Rule 10.4, from room version 12 on: creators are not listed.
    private static func checkCreatorsAreNotListed(_ new: JSONObject, create: Event) throws(AuthorizationError) {
        guard let users = new["users"]?.objectValue else { return }
        for creator in [create.sender] + create.createContent.additionalCreators where users[creator.string] != nil {
            throw .creatorInPowerLevels(creator)
        }
    }

    /// Rule 10.6: single levels that were added, changed or removed.
    private static func checkSingleLevels(old: JSONObject, new: JSONObject, own: PowerLevel) throws(AuthorizationError) {
        for name in protectedLevels where old[name] != new[name] {
            try check(old[name], isAtMost: own, name: name)
            try check(new[name], isAtMost: own, name: name)
        }
    }

    /// Rules 10.7 and 10.8: entries of `events` and `notifications` that were added, changed or removed.
    private static func checkListedLevels(
        _ name: String, old: JSONObject, new: JSONObject, own: PowerLevel
    ) throws(AuthorizationError) {
        try forEachChange(name, old: old, new: new) { (entry, old, new) throws(AuthorizationError) in
            try check(old, isAtMost: own, name: entry)
            try check(new, isAtMost: own, name: entry)
        }
    }

    /// Rules 10.9 and 10.10: users who were added, changed or removed.
    private static func checkUserLevels(
        old: JSONObject, new: JSONObject, sender: UserID, own: PowerLevel
    ) throws(AuthorizationError) {
        try forEachChange("users", old: old, new: new) { (user, old, new) throws(AuthorizationError) in
            // 10.9
            if !UTF8Bytes.equal(user, sender.string), let level = old?.integerValue, .level(level) >= own {
                throw .powerLevelOfEqualUser(user)
            }
            // 10.10
            try check(new, isAtMost: own, name: user)
        }
    }

    /// Calls `body` with the values of each entry of the object `name` that differs between both contents.
    private static func forEachChange(
        _ name: String, old: JSONObject, new: JSONObject,
        _ body: (_ entry: String, _ old: JSONValue?, _ new: JSONValue?) throws(AuthorizationError) -> Void
    ) throws(AuthorizationError) {
        let old = old[name]?.objectValue ?? [:]
        let new = new[name]?.objectValue ?? [:]
        for (entry, value) in old where new[entry] != value { try body(entry, value, new[entry]) }
        for (entry, value) in new where old[entry] == nil { try body(entry, nil, value) }
    }

    private static func check(_ value: JSONValue?, isAtMost own: PowerLevel, name: String) throws(AuthorizationError) {
        guard let level = value?.integerValue, .level(level) > own else { return }
        throw .powerLevelAboveOwn(name, level: level, own: own)
    }
}
