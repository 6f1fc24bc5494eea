import Store

/// What version 4 of the transitory database has and version 3 had not: the transactions of messages to devices.
enum TransitoryVersion4 {
    static let migration = Migration(to: 4, adding: [TransitoryMaps.toDeviceTransactions.map])
}
