import Synchronization

/// Remembers what took reads to find out and never changes, up to a number of things; beyond it, it begins anew.
final class Memo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let values = Mutex<[Key: Value]>([:])
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    /// What is remembered for the key, or is found now; nil, which isn't remembered, when it isn't there yet.
    func value(of key: Key, find: () throws -> Value?) rethrows -> Value? {
        if let known = values.withLock({ $0[key] }) { return known }
        guard let found = try find() else { return nil }
        values.withLock { values in
            if values.count >= countMax { values.removeAll() }
            values.updateValue(found, forKey: key)
        }
        return found
    }
}
