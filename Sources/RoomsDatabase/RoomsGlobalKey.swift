/// The keys of `global` that the rooms database has of its own.
enum RoomsGlobalKey {
    /// The secret of state sums: 32 bytes.
    static let stateSecret = "state_hash_secret"
    /// The number of listed rooms with members: 8 bytes.
    static let publicRoomCount = "public_room_count"
}
