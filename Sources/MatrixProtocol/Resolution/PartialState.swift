/// The state that a resolution builds: what has been decided, laid over a base that is never copied.
///
/// Keys have indices of their own. What a key stands at is found in the base when the key is first asked for.
struct PartialState {
    private let base: ConflictedState?
    private var keys = NumberTable(capacity: 0)
    /// The event at each key, by index; negative for none.
    private var events: [Int32] = []

    /// - Parameter base: the unconflicted state to start from; nil to start from nothing.
    init(over base: ConflictedState?) { self.base = base }

    /// A key's index; nil if no event has the key.
    mutating func index(of key: StateKey, in resolution: inout ResolutionEvents) throws -> Int? {
        try resolution.number(of: key).map { index(of: $0, in: &resolution) }
    }

    mutating func index(of number: StateKeyNumber, in resolution: inout ResolutionEvents) -> Int {
        let (index, isNew) = keys.index(of: number.rawValue)
        if isNew {
            let event = base?.unconflictedEvent(number).map { Int32(resolution.index(of: $0)) }
            events.append(event ?? -1)
        }
        return index
    }

    /// The event at a key, by their indices; nil for no key too.
    subscript(key: Int?) -> Int? {
        guard let key, events[key] >= 0 else { return nil }
        return Int(events[key])
    }

    mutating func set(_ key: Int, to event: Int?) { events[key] = event.map(Int32.init) ?? -1 }

    /// The state at all keys that were asked for, by ascending key.
    func entries(in resolution: ResolutionEvents) -> [StateEntry] {
        var entries: [StateEntry] = []
        for (index, event) in events.enumerated() where event >= 0 {
            entries.append(StateEntry(key: StateKeyNumber(keys.numbers[index]), event: resolution.number(of: Int(event))))
        }
        return entries.sorted { $0.key < $1.key }
    }
}
