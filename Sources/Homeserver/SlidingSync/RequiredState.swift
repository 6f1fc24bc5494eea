import CanonicalJSON
import Crypto
import MatrixProtocol

/// Which of a room's state a client wants to be told of (`required_state` in simplified sliding sync).
package struct RequiredState: Sendable, Hashable {
    /// Whether all state is wanted.
    private(set) var isEverything = false
    /// The types of which everything is wanted.
    private(set) var types: Set<String> = []
    /// The state keys of which every type is wanted.
    private(set) var stateKeys: Set<String> = []
    private(set) var keys: Set<StateKey> = []
    /// Whether those members are wanted that one needs to show the timeline.
    private(set) var lazyLoadsMembers = false

    private static let wildcard = "*"
    private static let me = "$ME"
    private static let lazy = "$LAZY"

    /// Nothing.
    package init() {}

    /// What pairs of a type and a state key stand for, in which `*` is everything, `$ME` the user, and `$LAZY` the members that are needed.
    package init(_ pairs: [(type: String, key: String)], for user: UserID) {
        for (type, key) in pairs {
            switch (type, key) {
            case (Self.wildcard, Self.wildcard): isEverything = true
            case (EventType.roomMember, Self.lazy): lazyLoadsMembers = true
            case (_, Self.wildcard): types.insert(type)
            case (Self.wildcard, _): stateKeys.insert(key == Self.me ? user.string : key)
            default: keys.insert(StateKey(type, key == Self.me ? user.string : key))
            }
        }
    }

    /// Whether the state of the key is wanted, whatever is in the timeline.
    func wants(_ key: StateKey) -> Bool {
        isEverything || types.contains(key.type) || stateKeys.contains(key.key) || keys.contains(key)
    }

    /// Whether more than single keys is wanted, so that all state has to be looked at, members beside.
    var hasWildcards: Bool { isEverything || !types.isEmpty || !stateKeys.isEmpty }

    /// Whether members that aren't named may be wanted, whatever is in the timeline.
    var wantsAllMembers: Bool { isEverything || types.contains(EventType.roomMember) || !stateKeys.isEmpty }

    /// Whether it needs members that a room lacks whose state is partial: those of other servers.
    func needsMembers(notOn server: ServerName) -> Bool {
        wantsAllMembers || keys.contains { $0.type == EventType.roomMember && !UserID(trusted: $0.key).isOn(server) }
    }

    /// Whether all that it wants is wanted by the other one, too.
    func isPart(of other: RequiredState) -> Bool {
        if lazyLoadsMembers && !other.lazyLoadsMembers { return false }
        if other.isEverything { return true }
        return !isEverything && types.isSubset(of: other.types) && stateKeys.isSubset(of: other.stateKeys)
            && keys.allSatisfy(other.wants)
    }

    /// Takes in all that the other one wants.
    mutating func formUnion(_ other: RequiredState) {
        isEverything = isEverything || other.isEverything
        lazyLoadsMembers = lazyLoadsMembers || other.lazyLoadsMembers
        types.formUnion(other.types)
        stateKeys.formUnion(other.stateKeys)
        keys.formUnion(other.keys)
    }

    /// What of this the other one doesn't want.
    func subtracting(_ other: RequiredState) -> RequiredState {
        if other.isEverything { return RequiredState() }
        var rest = self
        rest.types.subtract(other.types)
        rest.stateKeys.subtract(other.stateKeys)
        rest.keys = rest.keys.filter { !other.wants($0) }
        return rest
    }

    private var partCount: Int { keys.count + types.count + stateKeys.count }

    /// So many keys that are no longer wanted are remembered.
    private static let droppedKeysMax = 100

    /// What a client is known to have after it was told by new wishes what has changed: what it had before, but what has changed since without
    /// being told, and what it wants now.
    func known(after wanted: RequiredState, changed: [StateKey]) -> RequiredState {
        var known = self
        for key in changed where !wanted.wants(key) {
            if known.isEverything { return wanted }
            known.types.remove(key.type)
            known.stateKeys.remove(key.key)
            known.keys.remove(key)
        }
        known.formUnion(wanted)
        known.lazyLoadsMembers = wanted.lazyLoadsMembers
        return known.partCount - wanted.partCount > Self.droppedKeysMax ? wanted : known
    }
}

/// As it is stored.
extension RequiredState {
    /// The pairs as a JSON array, in order.
    var encoded: [UInt8] {
        var pairs = keys.sorted().map { ($0.type, $0.key) }
        pairs += types.sorted().map { ($0, Self.wildcard) } + stateKeys.sorted().map { (Self.wildcard, $0) }
        if isEverything { pairs.append((Self.wildcard, Self.wildcard)) }
        if lazyLoadsMembers { pairs.append((EventType.roomMember, Self.lazy)) }
        return JSONValue.array(pairs.map { .array([.string($0.0), .string($0.1)]) }).encoded()
    }

    /// - Returns: nil if the bytes are no such array.
    init?(encoded bytes: [UInt8], for user: UserID) {
        guard let pairs = try? JSONValue(parsing: bytes).arrayValue else { return nil }
        self.init(
            pairs.compactMap { pair -> (type: String, key: String)? in
                guard let pair = pair.arrayValue?.compactMap(\.stringValue), pair.count == 2 else { return nil }
                return (pair[0], pair[1])
            }, for: user)
    }

    /// The number by which it is known: the first 8 bytes of a SHA-256 of what is stored.
    static func number(of encoded: [UInt8]) -> UInt64 {
        SHA256.hash(data: encoded).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
